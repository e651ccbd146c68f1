-- +goose Up
CREATE TABLE keybridge.installation (
    shop_id    text PRIMARY KEY,
    state      text NOT NULL CHECK (state IN ('installed', 'active', 'inactive', 'uninstalled')),
    version    text NOT NULL,
    changed_at timestamptz NOT NULL
);

-- One shop joined to one CRM account and, when orders are synced, one of its sources.
CREATE TABLE keybridge.connection (
    id           text PRIMARY KEY,
    shop_id      text NOT NULL,
    crm          text NOT NULL,
    position     integer NOT NULL,            -- order in which routing rules are tried
    name         text NOT NULL,
    key_sealed   bytea,                       -- null once the secrets were dropped
    key_hint     text NOT NULL,               -- the last characters, to recognise a key by
    account      text NOT NULL,               -- fingerprint of the CRM account
    enabled      boolean NOT NULL DEFAULT false,
    ready_at     timestamptz,                 -- first save that passed readiness; null: nothing runs yet
    orders_since timestamptz,                 -- orders placed before are never sent by themselves
    version      bigint NOT NULL DEFAULT 0,   -- of settings; a stale save is refused
    settings     jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    deleted_at   timestamptz
);
CREATE INDEX connection_shop ON keybridge.connection (shop_id, position) WHERE deleted_at IS NULL;

CREATE TABLE keybridge.settings_audit (
    id            bigserial PRIMARY KEY,
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    version       bigint NOT NULL,
    operator_id   text NOT NULL,
    saved_at      timestamptz NOT NULL,
    settings      jsonb NOT NULL,
    UNIQUE (connection_id, version)
);

-- A webhook link: looked up by the HMAC of its token, shown to the merchant from the sealed copy.
CREATE TABLE keybridge.webhook (
    id            bigserial PRIMARY KEY,
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    object        text NOT NULL CHECK (object IN ('order', 'card', 'stock')),
    token_hmac    bytea NOT NULL UNIQUE,
    token_sealed  bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    retires_at    timestamptz                 -- after a rotation: answers until then
);
CREATE INDEX webhook_connection ON keybridge.webhook (connection_id, object);

-- Processes that do work, so that the page can say whether anybody does.
CREATE TABLE keybridge.worker (
    id      text PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE keybridge.worker, keybridge.webhook, keybridge.settings_audit, keybridge.connection, keybridge.installation;
