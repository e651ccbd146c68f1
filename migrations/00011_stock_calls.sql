-- +goose Up

-- What the CRM's stock calls leave to a connection: the work, and how it goes.
CREATE TABLE keybridge.stock_call (
    id            bigserial PRIMARY KEY,
    connection_id text NOT NULL UNIQUE REFERENCES keybridge.connection (id),
    calls         bigint NOT NULL,                 -- received in all
    received_at   timestamptz NOT NULL,            -- the latest
    written       bigint NOT NULL DEFAULT 0,       -- variants written in all
    applied_at    timestamptz,                     -- when one was written last; null: never
    reason        text NOT NULL DEFAULT '',        -- why it waits, or why calls are left aside; empty: all is well
    next_at       timestamptz,                     -- null: nothing is to be done
    tries         integer NOT NULL DEFAULT 0,      -- failures in a row
    lease_until   timestamptz,
    fence         bigint NOT NULL DEFAULT 0,       -- raised at each claim; refuses late writers
    seq           bigint NOT NULL DEFAULT 0,       -- raised at each hand-over
    queued_until  timestamptz
);
CREATE INDEX stock_call_due ON keybridge.stock_call (next_at) WHERE next_at IS NOT NULL;

-- An offer a call spoke of. Many calls for one offer are one row and one read.
CREATE TABLE keybridge.stock_notice (
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    offer_id      text COLLATE "C" NOT NULL,
    calls         bigint NOT NULL DEFAULT 1,       -- that named it, in all
    handled       bigint NOT NULL DEFAULT 0,       -- of them covered by a read that is done
    received_at   timestamptz NOT NULL,
    next_at       timestamptz,                     -- null: nothing is to be done
    outcome       text NOT NULL DEFAULT '',        -- of the latest look; empty: none yet
    PRIMARY KEY (connection_id, offer_id)
);
CREATE INDEX stock_notice_due ON keybridge.stock_notice (connection_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX stock_notice_age ON keybridge.stock_notice (received_at);

-- What stock calls have written, value by value.
CREATE TABLE keybridge.stock_change (
    id            bigserial PRIMARY KEY,
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    crm_id        text NOT NULL,                   -- of the product
    product_id    text NOT NULL,
    variant_id    text NOT NULL,
    name          text NOT NULL,
    field         text NOT NULL,
    old           text NOT NULL,
    new           text NOT NULL,
    at            timestamptz NOT NULL
);
CREATE INDEX stock_change_connection ON keybridge.stock_change (connection_id, id DESC);
CREATE INDEX stock_change_age ON keybridge.stock_change (at);

-- +goose Down
DROP TABLE keybridge.stock_change, keybridge.stock_notice, keybridge.stock_call;
