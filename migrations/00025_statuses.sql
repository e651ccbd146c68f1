-- +goose Up

-- What the CRM has confirmed, and what it says of the order that a card of ours became.
ALTER TABLE keybridge.outbox
    ADD COLUMN told_at         timestamptz,             -- changes of the shop's status up to then the CRM has confirmed
    ADD COLUMN own_shop_at     timestamptz,             -- of the shop's change that own_status carries
    ADD COLUMN moving_status   text NOT NULL DEFAULT '', -- what was set at moving_at; empty: not known
    ADD COLUMN order_status    text NOT NULL DEFAULT '', -- of the CRM's order that our card became, dealt with last
    ADD COLUMN order_status_at timestamptz,             -- and when it was set there
    ADD COLUMN order_moving    text NOT NULL DEFAULT '', -- as moving_status and moving_at, of that order
    ADD COLUMN order_moving_at timestamptz;
UPDATE keybridge.outbox o SET told_at = shop_status_at
    WHERE shop_status_at IS NOT NULL AND EXISTS (SELECT 1 FROM keybridge.outbox_step s
        WHERE s.outbox_id = o.id AND s.step = 'status' AND (s.state = 'done' OR s.reason = 'status_known'));

-- When the CRM made an object whose hook waits for a card of ours to name it.
ALTER TABLE keybridge.inbox ADD COLUMN made_at timestamptz; -- null: not known
-- What waits for the budget of requests, in its order.
CREATE INDEX inbox_budget ON keybridge.inbox (connection_id, next_at) WHERE reason = 'waiting_budget' AND next_at IS NOT NULL;

-- How far a connection's cards were read to learn which orders they became: all that were changed from
-- read_from to read_until, and of a walk through those changed since walk_from, begun at walk_at, the pages
-- before walk_page.
CREATE TABLE keybridge.card_reading (
    connection_id text PRIMARY KEY REFERENCES keybridge.connection (id),
    asked_at      timestamptz NOT NULL,
    read_from     timestamptz,
    read_until    timestamptz,
    walk_from     timestamptz,                       -- null: no walk was begun that is not over
    walk_at       timestamptz,
    walk_page     integer NOT NULL DEFAULT 1
);

-- +goose Down
DROP TABLE keybridge.card_reading;
DROP INDEX keybridge.inbox_budget;
ALTER TABLE keybridge.inbox DROP COLUMN made_at;
ALTER TABLE keybridge.outbox DROP COLUMN told_at, DROP COLUMN own_shop_at, DROP COLUMN moving_status,
    DROP COLUMN order_status, DROP COLUMN order_status_at, DROP COLUMN order_moving, DROP COLUMN order_moving_at;
