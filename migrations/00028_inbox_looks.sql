-- +goose Up

-- How often we have asked ourselves for an object to be read: beside hooks, which people see as what came in. One
-- that is asked for while a worker reads it is read again.
ALTER TABLE keybridge.inbox ADD COLUMN looks bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE keybridge.inbox DROP COLUMN looks;
