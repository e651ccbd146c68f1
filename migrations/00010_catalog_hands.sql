-- +goose Up

-- Fields of products that a person keeps as they are in the shop, whoever owns the field.
CREATE TABLE keybridge.pin (
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    product_id    text NOT NULL,                     -- of the shop
    field         text NOT NULL,
    pinned_by     text NOT NULL,                     -- operator id
    pinned_at     timestamptz NOT NULL,
    PRIMARY KEY (connection_id, product_id, field)
);

-- What people did to products by hand on our page.
CREATE TABLE keybridge.catalog_audit (
    id            bigserial PRIMARY KEY,
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    operator_id   text NOT NULL,
    action        text NOT NULL CHECK (action IN ('pin', 'unpin', 'publish')),
    product_id    text NOT NULL,
    variant_id    text NOT NULL,                     -- empty: it was about the product
    field         text NOT NULL,                     -- empty: it was about the whole
    at            timestamptz NOT NULL
);
CREATE INDEX catalog_audit_connection ON keybridge.catalog_audit (connection_id, id);

-- What we created hidden waits for a person to look at it.
ALTER TABLE keybridge.link_product ADD COLUMN review boolean NOT NULL DEFAULT false;
ALTER TABLE keybridge.link_variant ADD COLUMN review boolean NOT NULL DEFAULT false;
CREATE INDEX link_product_review ON keybridge.link_product (connection_id, crm_id) WHERE review OR missing_action = 'hidden';
CREATE INDEX link_variant_review ON keybridge.link_variant (connection_id, crm_id) WHERE review OR missing_action = 'hidden';

-- A run that matches linked products anew, by the key that is set now.
ALTER TABLE keybridge.run ADD COLUMN rematch boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE keybridge.run DROP COLUMN rematch;
DROP INDEX keybridge.link_product_review, keybridge.link_variant_review;
ALTER TABLE keybridge.link_product DROP COLUMN review;
ALTER TABLE keybridge.link_variant DROP COLUMN review;
DROP TABLE keybridge.catalog_audit, keybridge.pin;
