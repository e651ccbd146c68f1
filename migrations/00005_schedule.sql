-- +goose Up

-- When a kind of run is due for a connection. Rows are made and mended from the connection's
-- settings; a tick starts what is due.
CREATE TABLE keybridge.schedule (
    connection_id   text NOT NULL REFERENCES keybridge.connection (id),
    kind            text NOT NULL CHECK (kind IN ('full', 'prices')),
    rule            jsonb NOT NULL,             -- as set for this kind, or "off" while its goods are switched off
    after_kind      text NOT NULL DEFAULT '',   -- the kind whose good end makes this one due; empty: none
    zone            text NOT NULL,              -- of the shop, in which the rule was reckoned
    version         bigint NOT NULL,            -- of the connection's settings the rule was taken from
    due_at          timestamptz,                -- null: nothing is due by the clock
    look_at         timestamptz,                -- when the tick looks at it next; null while due: the connection is paused
    fence           bigint NOT NULL DEFAULT 0,  -- raised whenever the row is taken up or changed; refuses late writers
    last_started_at timestamptz,
    last_run_id     bigint,
    PRIMARY KEY (connection_id, kind)
) WITH (fillfactor = 70);
CREATE INDEX schedule_look ON keybridge.schedule (look_at) WHERE look_at IS NOT NULL;

-- When a process last compared schedules with connections: one does it for all.
CREATE TABLE keybridge.schedule_check (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    checked_at timestamptz NOT NULL
);
INSERT INTO keybridge.schedule_check (checked_at) VALUES ('epoch');

-- +goose Down
DROP TABLE keybridge.schedule_check, keybridge.schedule;
