-- +goose Up

-- How the cursor and the plans of a run are laid out. One of another layout than a version knows begins anew.
ALTER TABLE keybridge.run ADD COLUMN layout integer NOT NULL DEFAULT 1;

-- The fence at which a process that knows layouts has claimed the run last. When another number is the fence, one that
-- does not was at work on it meanwhile, and what it has stored is of layout 1.
ALTER TABLE keybridge.run ADD COLUMN layout_fence bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE keybridge.run DROP COLUMN layout_fence, DROP COLUMN layout;
