-- +goose Up

-- Linked products that KeyCRM was asked about by id and that lie outside the chosen categories, so that
-- they need not be asked about in each run.
ALTER TABLE keybridge.link_product
    ADD COLUMN outside_at       timestamptz,              -- when that was seen last; null: it is not known to
    ADD COLUMN outside_category text NOT NULL DEFAULT ''; -- of the CRM, in which it lay then; empty: in none
CREATE INDEX link_product_outside ON keybridge.link_product (connection_id, crm_id) WHERE outside_at IS NOT NULL;

-- +goose Down
DROP INDEX keybridge.link_product_outside;
ALTER TABLE keybridge.link_product DROP COLUMN outside_at, DROP COLUMN outside_category;
