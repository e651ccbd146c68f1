-- +goose Up

-- Warehouses of the CRM as stock details have shown them; the CRM has no list of them.
CREATE TABLE keybridge.warehouse (
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    code          text NOT NULL,
    name          text NOT NULL,
    seen_at       timestamptz,                     -- null: never, though it was chosen
    gone          boolean NOT NULL DEFAULT false,  -- chosen, and a run that read all stock has not seen it
    PRIMARY KEY (connection_id, code)
);

-- +goose Down
DROP TABLE keybridge.warehouse;
