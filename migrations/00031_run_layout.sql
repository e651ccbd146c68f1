-- +goose Up

-- How the cursor and the plans of a run are laid out. One of another layout than a version knows begins anew.
ALTER TABLE keybridge.run ADD COLUMN layout integer NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE keybridge.run DROP COLUMN layout;
