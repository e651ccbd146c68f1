-- +goose Up

-- Products of a run whose key another live product of the CRM has too, found once for the whole run; the
-- row without a product says that they were looked for. They used to be looked up by indexes, which every
-- staged row had to be put into.
CREATE TABLE keybridge.stage_twin (
    run_id     bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    product_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, product_id)
);
DROP INDEX keybridge.stage_offer_sku, keybridge.stage_offer_barcode, keybridge.stage_product_name;

-- +goose Down
CREATE INDEX stage_offer_sku ON keybridge.stage_offer (run_id, md5(sku)) WHERE sku <> '';
CREATE INDEX stage_offer_barcode ON keybridge.stage_offer (run_id, md5(barcode)) WHERE barcode <> '';
CREATE INDEX stage_product_name ON keybridge.stage_product (run_id, md5(name_key));
DROP TABLE keybridge.stage_twin;
