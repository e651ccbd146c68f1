-- +goose Up

-- An order of the shop that the CRM is to have. The row is made inside the checkout's own
-- transaction, so it holds ids and times only.
CREATE TABLE keybridge.outbox (
    id             bigserial PRIMARY KEY,
    shop_id        text NOT NULL,
    order_id       text NOT NULL,
    storefront     text NOT NULL DEFAULT '',
    domain         text NOT NULL DEFAULT '',
    placed_at      timestamptz NOT NULL,
    noted_at       timestamptz NOT NULL DEFAULT now(),
    connection_id  text REFERENCES keybridge.connection (id), -- null until routed
    forced         boolean NOT NULL DEFAULT false, -- a person asked for it: age and cancellation do not matter
    state          text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'checking',
                       'retrying', 'created', 'done', 'blocked', 'dead', 'ignored')),
    reason         text NOT NULL DEFAULT '', -- code of why it waits, stands still or was left out
    reason_params  jsonb NOT NULL DEFAULT '{}',
    changed_at     timestamptz, -- when a worker or a person last looked at it

    -- What was sent, from the first attempt on.
    target         text NOT NULL DEFAULT '' CHECK (target IN ('', 'orders', 'cards')),
    number         text NOT NULL DEFAULT '',
    natural_key    text NOT NULL DEFAULT '', -- source UUID of an order, marker of a card
    source         text NOT NULL DEFAULT '',
    currency       text NOT NULL DEFAULT '',
    total          numeric, -- as we reckon it
    branch_as_text boolean NOT NULL DEFAULT false, -- the CRM refused the reference of the branch

    -- What the CRM made of it.
    crm_id         text,
    crm_url        text NOT NULL DEFAULT '',
    crm_total      numeric,
    crm_deleted_at timestamptz,
    converted_id   text NOT NULL DEFAULT '', -- the CRM's order that our card became
    applied_status text NOT NULL DEFAULT '', -- the CRM's status we have dealt with last
    applied_at     timestamptz, -- and when it was set there
    moving_at      timestamptz, -- when the newest status was set there that somebody began to apply
    own_status     text NOT NULL DEFAULT '', -- the CRM's status we set ourselves last
    own_status_at  timestamptz,
    shop_status_at timestamptz, -- when somebody last changed the status in the shop

    -- Who works on it and when it is due: 'epoch' is at once, null is never.
    next_at        timestamptz DEFAULT 'epoch',
    lease_until    timestamptz,
    fence          bigint NOT NULL DEFAULT 0,
    seq            bigint NOT NULL DEFAULT 0,
    queued_until   timestamptz,
    CONSTRAINT outbox_order UNIQUE (shop_id, order_id)
);
CREATE INDEX outbox_due ON keybridge.outbox (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_blocked ON keybridge.outbox (connection_id) WHERE state = 'blocked';
CREATE INDEX outbox_journal ON keybridge.outbox (shop_id, placed_at DESC, id DESC);
CREATE INDEX outbox_key ON keybridge.outbox (connection_id, natural_key) WHERE natural_key <> '';
CREATE INDEX outbox_converted ON keybridge.outbox (connection_id, converted_id) WHERE converted_id <> '';
-- Two orders of the shop never share one of the CRM.
CREATE UNIQUE INDEX outbox_crm ON keybridge.outbox (connection_id, target, crm_id) WHERE crm_id IS NOT NULL;

-- One action on an entry, with its own state and retries.
CREATE TABLE keybridge.outbox_step (
    outbox_id     bigint NOT NULL REFERENCES keybridge.outbox (id) ON DELETE CASCADE,
    step          text NOT NULL CHECK (step IN ('create', 'facts', 'status')),
    state         text NOT NULL CHECK (state IN ('pending', 'sending', 'checking', 'retrying', 'done',
                      'blocked', 'dead', 'skipped', 'ignored')),
    tries         integer NOT NULL DEFAULT 0, -- since it last went well or a person stepped in
    rounds        integer NOT NULL DEFAULT 0, -- attempts whose outcome nobody knows
    negatives     integer NOT NULL DEFAULT 0, -- complete look-ups that found nothing, far enough apart
    looked_at     timestamptz, -- the last of them
    taken         boolean NOT NULL DEFAULT false, -- the CRM says that the natural key is in use
    wanted        bigint NOT NULL DEFAULT 1, -- raised when the step is asked for anew
    reason        text NOT NULL DEFAULT '',
    reason_params jsonb NOT NULL DEFAULT '{}',
    next_at       timestamptz,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (outbox_id, step)
);

-- One request that creates something in the CRM. The body is frozen before it is sent and sent again
-- unchanged while nobody knows what became of it.
CREATE TABLE keybridge.outbox_attempt (
    id          bigserial PRIMARY KEY,
    outbox_id   bigint NOT NULL REFERENCES keybridge.outbox (id) ON DELETE CASCADE,
    step        text NOT NULL,
    fence       bigint NOT NULL,
    started_at  timestamptz NOT NULL,
    deadline    timestamptz NOT NULL, -- from then on the request is not under way any more
    finished_at timestamptz, -- null: under way, or its worker died
    outcome     text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'created', 'taken', 'refused', 'temporary', 'unknown')),
    body        bytea, -- null once its time of keeping is over
    masked      text NOT NULL DEFAULT '', -- the body without personal data, for people
    answer      jsonb NOT NULL DEFAULT '{}' -- without personal data too
);
CREATE INDEX outbox_attempt_entry ON keybridge.outbox_attempt (outbox_id, id);
CREATE INDEX outbox_attempt_age ON keybridge.outbox_attempt (started_at) WHERE body IS NOT NULL;

-- How far the scan of a shop's placements has come.
CREATE TABLE keybridge.order_scan (
    shop_id     text PRIMARY KEY,
    placed_at   timestamptz NOT NULL, -- everything placed until then was seen
    scanned_at  timestamptz NOT NULL,
    lease_until timestamptz
);

-- Called inside the shop's checkout, from a block that swallows whatever goes wrong here. It waits
-- for nobody: a locked table costs the checkout 50 ms and the scan finds the order later.
-- +goose StatementBegin
CREATE FUNCTION keybridge.order_placed(shop text, order_ text, storefront_ text, domain_ text, placed timestamptz)
RETURNS void LANGUAGE plpgsql SET lock_timeout = '50ms' AS $$
BEGIN
    INSERT INTO keybridge.outbox (shop_id, order_id, storefront, domain, placed_at)
    VALUES (shop, order_, storefront_, domain_, placed)
    ON CONFLICT (shop_id, order_id) DO NOTHING;
END $$;
-- +goose StatementEnd

-- An object of the CRM that a webhook spoke of. Many hooks for one object are one row and one read.
CREATE TABLE keybridge.inbox (
    id            bigserial PRIMARY KEY,
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    object        text NOT NULL CHECK (object IN ('order', 'card')),
    object_id     text NOT NULL,
    event         text NOT NULL DEFAULT '', -- as the newest hook names it
    hooks         bigint NOT NULL DEFAULT 1, -- received in all
    handled       bigint NOT NULL DEFAULT 0, -- of them covered by a read that is done
    first_at      timestamptz NOT NULL,
    received_at   timestamptz NOT NULL,
    tries         integer NOT NULL DEFAULT 0,
    outcome       text NOT NULL DEFAULT '', -- of the last read; empty: none is done yet
    reason        text NOT NULL DEFAULT '',
    next_at       timestamptz,
    lease_until   timestamptz,
    fence         bigint NOT NULL DEFAULT 0,
    seq           bigint NOT NULL DEFAULT 0,
    queued_until  timestamptz,
    CONSTRAINT inbox_object UNIQUE (connection_id, object, object_id)
);
CREATE INDEX inbox_due ON keybridge.inbox (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX inbox_age ON keybridge.inbox (received_at);

-- What became of what came in, for the journal.
CREATE TABLE keybridge.inbox_event (
    id            bigserial PRIMARY KEY,
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    object        text NOT NULL,
    object_id     text NOT NULL DEFAULT '',
    order_id      text NOT NULL DEFAULT '', -- the shop's order; empty when not known
    at            timestamptz NOT NULL,
    outcome       text NOT NULL,
    reason        text NOT NULL DEFAULT '',
    reason_params jsonb NOT NULL DEFAULT '{}',
    crm_status    text NOT NULL DEFAULT '',
    shop_status   text NOT NULL DEFAULT ''
);
CREATE INDEX inbox_event_link ON keybridge.inbox_event (connection_id, object, at DESC);
CREATE INDEX inbox_event_order ON keybridge.inbox_event (order_id, at DESC) WHERE order_id <> '';
CREATE INDEX inbox_event_age ON keybridge.inbox_event (at);

-- +goose Down
DROP TABLE keybridge.inbox_event, keybridge.inbox, keybridge.order_scan, keybridge.outbox_attempt,
    keybridge.outbox_step, keybridge.outbox;
DROP FUNCTION keybridge.order_placed(text, text, text, text, timestamptz);
