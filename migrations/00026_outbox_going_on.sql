-- +goose Up

-- Entries that are not due before something is switched on again.
CREATE INDEX outbox_resting ON keybridge.outbox (shop_id, connection_id)
    WHERE next_at IS NULL AND reason IN ('connection_off', 'shop_inactive');

-- What waits for a person, as the journal lists it first.
CREATE INDEX outbox_waiting ON keybridge.outbox (shop_id, placed_at DESC, id DESC)
    WHERE state IN ('blocked', 'dead') OR state = 'checking' AND reason = 'still_looking';

-- Orders that waited for a person because the CRM had not answered three times: it refuses to make one twice, so
-- they go on by themselves now.
UPDATE keybridge.outbox_step s SET state = 'checking', next_at = now()
    FROM keybridge.outbox o
    WHERE o.id = s.outbox_id AND o.target = 'orders' AND s.step = 'create' AND s.state = 'blocked' AND s.reason = 'unknown_outcome';
UPDATE keybridge.outbox SET state = 'checking', next_at = now()
    WHERE target = 'orders' AND state = 'blocked' AND reason = 'unknown_outcome';

-- +goose Down
DROP INDEX keybridge.outbox_waiting, keybridge.outbox_resting;
