-- +goose Up

-- A state that the merchant is told of, as long as it lasts. The row is what makes several processes, and
-- the same one after a restart, tell it once.
CREATE TABLE keybridge.notice (
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    kind          text NOT NULL,
    began_at      timestamptz NOT NULL,
    due_at        timestamptz NOT NULL, -- when somebody tells it next
    PRIMARY KEY (connection_id, kind)
);

-- What is counted for it, once a minute.
CREATE INDEX run_over ON keybridge.run (finished_at) WHERE state IN ('done', 'failed');
CREATE INDEX outbox_waits ON keybridge.outbox (connection_id) WHERE state IN ('blocked', 'dead');
CREATE INDEX inbox_refused ON keybridge.inbox (connection_id) WHERE outcome = 'refused';

-- The scan used to store placements that an adapter listed without a shop. They are of no shop, so nobody
-- can see or send them, and they came up again each minute. What is still listed comes back as its shop's.
DELETE FROM keybridge.outbox WHERE shop_id = '';

-- +goose Down
DROP INDEX keybridge.inbox_refused, keybridge.outbox_waits, keybridge.run_over;
DROP TABLE keybridge.notice;
