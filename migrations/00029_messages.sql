-- +goose Up

-- Until then a process tells the merchant of it, or has failed to and tries again; null: nobody does.
ALTER TABLE keybridge.stock_held ADD COLUMN telling_until timestamptz;

-- What waits for a person is counted for the message as for the page, which outbox_waiting holds.
DROP INDEX keybridge.outbox_waits;

-- +goose Down
CREATE INDEX outbox_waits ON keybridge.outbox (connection_id) WHERE state IN ('blocked', 'dead');
ALTER TABLE keybridge.stock_held DROP COLUMN telling_until;
