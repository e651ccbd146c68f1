-- +goose Up

-- Until then a process tells the merchant of it, or has failed to and tries again; null: nobody does.
ALTER TABLE keybridge.stock_held ADD COLUMN telling_until timestamptz;

-- +goose Down
ALTER TABLE keybridge.stock_held DROP COLUMN telling_until;
