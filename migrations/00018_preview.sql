-- +goose Up

-- What becomes of links when a run begins to write. Until then they stay as they are, so that a preview
-- changes nothing.
ALTER TABLE keybridge.stage_product
    ADD COLUMN link_key text COLLATE "C" NOT NULL DEFAULT '', -- under which its link still stands; empty: its own id
    ADD COLUMN lost     boolean NOT NULL DEFAULT false,       -- the shop no longer has what it is linked to
    ADD COLUMN made     text NOT NULL DEFAULT '';             -- shop product that a creation begun earlier has led to

-- Warehouses that the CRM has named to a preview.
CREATE TABLE keybridge.stage_warehouse (
    run_id bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    code   text NOT NULL,
    name   text NOT NULL,
    PRIMARY KEY (run_id, code)
);

-- +goose Down
DROP TABLE keybridge.stage_warehouse;
ALTER TABLE keybridge.stage_product DROP COLUMN link_key, DROP COLUMN lost, DROP COLUMN made;
