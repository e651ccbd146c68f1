-- +goose Up

-- The offers that a stock call named, until they are notices. One call can name some 200,000: it is answered
-- once they are kept here, and a worker makes notices of them, some thousands at a time.
CREATE TABLE keybridge.stock_body (
    id            bigserial PRIMARY KEY,
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    received_at   timestamptz NOT NULL,
    next_at       timestamptz NOT NULL,            -- when calls are gathered
    offers        text[] NOT NULL,
    size          integer NOT NULL,                -- how many they are
    noted         integer NOT NULL DEFAULT 0       -- how many of them are notices; the row goes with the last
);
-- Kept for seconds, so packing them is not worth the time of whoever waits for the answer.
ALTER TABLE keybridge.stock_body ALTER COLUMN offers SET STORAGE EXTERNAL;
CREATE INDEX stock_body_connection ON keybridge.stock_body (connection_id, id);

-- +goose Down
DROP TABLE keybridge.stock_body;
