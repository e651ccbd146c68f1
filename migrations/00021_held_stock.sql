-- +goose Up

-- Stock that the CRM says is none, and that is held back because too much of it is none at once.
CREATE TABLE keybridge.stock_held (
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    offer_id      text COLLATE "C" NOT NULL,
    product_id    text NOT NULL,                     -- of the shop, as variant_id
    variant_id    text NOT NULL,
    name          text NOT NULL,                     -- of the product
    sku           text NOT NULL,
    old           text NOT NULL,                     -- the stock in the shop; empty: it was not tracked
    says          text NOT NULL,                     -- what the CRM has of it
    run_id        bigint REFERENCES keybridge.run (id) ON DELETE SET NULL, -- that held it back first; null: a stock call
    setting       text NOT NULL DEFAULT '',          -- that was changed before; empty: none
    since         timestamptz NOT NULL,
    read_at       timestamptz NOT NULL,              -- when what it says was asked for last
    told          smallint NOT NULL DEFAULT 0,       -- how often the merchant was
    told_at       timestamptz,
    confirmed_by  text NOT NULL DEFAULT '',          -- the operator who said that there really is none
    confirmed_at  timestamptz,
    PRIMARY KEY (connection_id, offer_id),
    FOREIGN KEY (connection_id, offer_id) REFERENCES keybridge.link_variant (connection_id, crm_id) ON DELETE CASCADE
);

-- When our writing brought a variant from available to none, unless a person said that it should.
ALTER TABLE keybridge.link_variant ADD COLUMN sold_out_at timestamptz;
CREATE INDEX link_variant_sold_out ON keybridge.link_variant (connection_id, sold_out_at) WHERE sold_out_at IS NOT NULL;

-- How many variants a plan brings from available to none.
ALTER TABLE keybridge.run_plan ADD COLUMN sold_out integer NOT NULL DEFAULT 0;

ALTER TABLE keybridge.catalog_audit DROP CONSTRAINT catalog_audit_action_check,
    ADD CONSTRAINT catalog_audit_action_check CHECK (action IN ('pin', 'unpin', 'publish', 'sold_out'));

-- +goose Down
DELETE FROM keybridge.catalog_audit WHERE action = 'sold_out';
ALTER TABLE keybridge.catalog_audit DROP CONSTRAINT catalog_audit_action_check,
    ADD CONSTRAINT catalog_audit_action_check CHECK (action IN ('pin', 'unpin', 'publish'));
ALTER TABLE keybridge.run_plan DROP COLUMN sold_out;
DROP INDEX keybridge.link_variant_sold_out;
ALTER TABLE keybridge.link_variant DROP COLUMN sold_out_at;
DROP TABLE keybridge.stock_held;
