-- +goose Up

-- One synchronisation of one connection. The row is the truth: what it does, where it resumes, who
-- works on it (lease, fence) and how it ended.
CREATE TABLE keybridge.run (
    id               bigserial PRIMARY KEY,
    connection_id    text NOT NULL REFERENCES keybridge.connection (id),
    shop_id          text NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('full', 'prices')),
    state            text NOT NULL CHECK (state IN
                         ('queued', 'running', 'waiting', 'approval', 'done', 'failed', 'cancelled')),
    phase            text NOT NULL,
    cursor           text NOT NULL DEFAULT '',       -- where the phase resumes; empty: at its start
    phase_done       bigint NOT NULL DEFAULT 0,      -- progress of the phase, in its own units
    phase_total      bigint NOT NULL DEFAULT 0,      -- 0 while not known
    settings         jsonb NOT NULL,                 -- as they were when the run was asked for
    settings_version bigint NOT NULL,
    counters         jsonb NOT NULL DEFAULT '{}',
    started_by       text NOT NULL,                  -- operator id, "schedule" or "cli"
    error_code       text NOT NULL DEFAULT '',
    error_params     jsonb NOT NULL DEFAULT '{}',
    created_at       timestamptz NOT NULL,
    started_at       timestamptz,
    finished_at      timestamptz,
    attempts         integer NOT NULL DEFAULT 0,     -- failures in a row
    next_at          timestamptz NOT NULL,
    lease_until      timestamptz,
    fence            bigint NOT NULL DEFAULT 0,      -- raised at each claim; refuses late writers
    seq              bigint NOT NULL DEFAULT 0,      -- raised at each hand-over
    queued_until     timestamptz
);
CREATE UNIQUE INDEX run_active ON keybridge.run (connection_id)
    WHERE state IN ('queued', 'running', 'waiting', 'approval');
CREATE INDEX run_due ON keybridge.run (next_at) WHERE state IN ('queued', 'running', 'waiting');
CREATE INDEX run_recent ON keybridge.run (connection_id, id DESC);

-- What a run wrote, field by field.
CREATE TABLE keybridge.run_change (
    id         bigserial PRIMARY KEY,
    run_id     bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    crm_id     text NOT NULL,
    product_id text NOT NULL,
    variant_id text NOT NULL,
    name       text NOT NULL,
    field      text NOT NULL,
    old        text NOT NULL,
    new        text NOT NULL,
    overwrote  boolean NOT NULL,                      -- the shop's own edit gave way
    at         timestamptz NOT NULL
);
CREATE INDEX run_change_run ON keybridge.run_change (run_id, id);

-- What a run left alone or could not do, and why.
CREATE TABLE keybridge.run_item (
    id         bigserial PRIMARY KEY,
    run_id     bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    kind       text NOT NULL CHECK (kind IN ('skip', 'conflict', 'error', 'note')),
    crm_id     text NOT NULL,
    product_id text NOT NULL,
    name       text NOT NULL,
    reason     text NOT NULL,
    params     jsonb NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX run_item_run ON keybridge.run_item (run_id, id);

-- Links: what of the shop is what of the CRM. A shop item has at most one over all connections.
CREATE TABLE keybridge.link_category (
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    shop_id       text NOT NULL,
    crm_id        text COLLATE "C" NOT NULL,
    category_id   text NOT NULL,
    name          text NOT NULL,                      -- as last written or found, to see a rename
    parent_id     text NOT NULL,                      -- the CRM's; empty: a root
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (connection_id, crm_id)
);
CREATE UNIQUE INDEX link_category_shop ON keybridge.link_category (shop_id, category_id);

CREATE TABLE keybridge.link_product (
    connection_id   text NOT NULL REFERENCES keybridge.connection (id),
    shop_id         text NOT NULL,
    crm_id          text COLLATE "C" NOT NULL,
    product_id      text,                             -- null while the product is being created
    state           text NOT NULL CHECK (state IN ('creating', 'linked')),
    before_ids      text[] NOT NULL DEFAULT '{}',     -- products that bore the external id before the creation
    crm_hash        bytea,                            -- null: look at it again in the next run
    settings_hash   bytea,
    shop_version    text NOT NULL DEFAULT '',
    category_id     text NOT NULL DEFAULT '',         -- the shop category it was put into
    currency        text NOT NULL DEFAULT '',         -- of the CRM's prices when last read
    images          text NOT NULL DEFAULT 'none' CHECK (images IN ('none', 'pending', 'partial', 'done')),
    missing_action  text NOT NULL DEFAULT '',         -- what was done because the CRM no longer has it
    missing_version text NOT NULL DEFAULT '',         -- the shop's version right after that
    created_here    boolean NOT NULL,                 -- we created the product
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (connection_id, crm_id),
    CHECK ((product_id IS NULL) = (state = 'creating'))
);
CREATE UNIQUE INDEX link_product_shop ON keybridge.link_product (shop_id, product_id) WHERE product_id IS NOT NULL;

CREATE TABLE keybridge.link_variant (
    connection_id  text NOT NULL REFERENCES keybridge.connection (id),
    shop_id        text NOT NULL,
    crm_id         text COLLATE "C" NOT NULL,         -- of the offer
    crm_product_id text COLLATE "C" NOT NULL,
    variant_id     text NOT NULL,
    product_id     text NOT NULL,
    missing_action text NOT NULL DEFAULT '',
    read_at        timestamptz,                       -- when the price and stock last written were read
    price_hash     bytea,                             -- of the price and stock a price run left in order
    PRIMARY KEY (connection_id, crm_id)
);
CREATE UNIQUE INDEX link_variant_shop ON keybridge.link_variant (shop_id, variant_id);
CREATE INDEX link_variant_product ON keybridge.link_variant (connection_id, crm_product_id);

-- Staging: what a run has read. The keys drop rows that were repeated between pages.
CREATE TABLE keybridge.stage_category (
    run_id    bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    id        text COLLATE "C" NOT NULL,
    parent_id text NOT NULL,
    name      text NOT NULL,
    PRIMARY KEY (run_id, id)
);

CREATE TABLE keybridge.stage_product (
    run_id      bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    id          text COLLATE "C" NOT NULL,
    presence    text NOT NULL CHECK (presence IN ('live', 'archived', 'absent', 'outside')),
    scanned     boolean NOT NULL,                     -- came with the scan, not with a look-up by id
    name_key    text NOT NULL,                        -- trimmed and folded
    category_id text NOT NULL,
    hash        bytea NOT NULL,
    body        jsonb NOT NULL,
    read_at     timestamptz NOT NULL,
    PRIMARY KEY (run_id, id)
);

CREATE TABLE keybridge.stage_offer (
    run_id     bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    id         text COLLATE "C" NOT NULL,
    product_id text COLLATE "C" NOT NULL,
    sku        text NOT NULL,
    barcode    text NOT NULL,
    archived   boolean NOT NULL,
    hash       bytea NOT NULL,
    body       jsonb NOT NULL,
    read_at    timestamptz NOT NULL,
    PRIMARY KEY (run_id, id)
);
CREATE INDEX stage_offer_product ON keybridge.stage_offer (run_id, product_id);
CREATE INDEX stage_offer_sku ON keybridge.stage_offer (run_id, md5(sku)) WHERE sku <> '';
CREATE INDEX stage_offer_barcode ON keybridge.stage_offer (run_id, md5(barcode)) WHERE barcode <> '';
CREATE INDEX stage_product_name ON keybridge.stage_product (run_id, md5(name_key));

-- The whole plan of a run, made before its first write.
CREATE TABLE keybridge.run_plan (
    run_id     bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    crm_id     text COLLATE "C" NOT NULL,
    action     text NOT NULL,
    product_id text NOT NULL,                         -- empty for a product to create
    name       text NOT NULL,
    body       jsonb NOT NULL,
    state      text NOT NULL CHECK (state IN ('pending', 'done', 'again', 'failed', 'dropped')),
    images     text NOT NULL CHECK (images IN ('none', 'pending', 'done')),
    PRIMARY KEY (run_id, crm_id)
);
CREATE INDEX run_plan_open ON keybridge.run_plan (run_id, crm_id) WHERE state IN ('pending', 'again');
CREATE INDEX run_plan_images ON keybridge.run_plan (run_id, crm_id) WHERE images = 'pending';
CREATE INDEX run_plan_product ON keybridge.run_plan (run_id, product_id) WHERE product_id <> '';

-- +goose Down
DROP TABLE keybridge.run_plan, keybridge.stage_offer, keybridge.stage_product, keybridge.stage_category,
    keybridge.link_variant, keybridge.link_product, keybridge.link_category,
    keybridge.run_item, keybridge.run_change, keybridge.run;
