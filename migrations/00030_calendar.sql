-- +goose Up

-- When work of any kind is due, for any owner: the part of the program that registers a kind knows what its
-- owners are. So far they are connections, and the kinds are those of runs.
ALTER TABLE keybridge.schedule RENAME TO calendar;
ALTER TABLE keybridge.calendar RENAME COLUMN connection_id TO owner;
ALTER TABLE keybridge.calendar RENAME COLUMN last_run_id TO last_started_id; -- as the part knows it
ALTER TABLE keybridge.calendar RENAME CONSTRAINT schedule_pkey TO calendar_pkey;
ALTER TABLE keybridge.calendar DROP CONSTRAINT schedule_connection_id_fkey, DROP CONSTRAINT schedule_kind_check;
ALTER INDEX keybridge.schedule_look RENAME TO calendar_look;

-- When a process last compared the calendar with what it is made from.
ALTER TABLE keybridge.schedule_check RENAME TO calendar_reconcile;
ALTER TABLE keybridge.calendar_reconcile RENAME CONSTRAINT schedule_check_pkey TO calendar_reconcile_pkey;
ALTER TABLE keybridge.calendar_reconcile RENAME CONSTRAINT schedule_check_one_check TO calendar_reconcile_one_check;

-- Processes of the version before work with the same rows by these names, until they are replaced. They know
-- the kinds of runs alone, so the views go before another kind is registered.
CREATE VIEW keybridge.schedule AS
    SELECT owner AS connection_id, kind, rule, after_kind, zone, version, due_at, look_at, fence, last_started_at,
        last_started_id AS last_run_id
    FROM keybridge.calendar;
CREATE VIEW keybridge.schedule_check AS SELECT one, checked_at FROM keybridge.calendar_reconcile;

-- +goose Down
DROP VIEW keybridge.schedule, keybridge.schedule_check;
DELETE FROM keybridge.calendar WHERE kind NOT IN ('full', 'prices');
ALTER TABLE keybridge.calendar_reconcile RENAME CONSTRAINT calendar_reconcile_one_check TO schedule_check_one_check;
ALTER TABLE keybridge.calendar_reconcile RENAME CONSTRAINT calendar_reconcile_pkey TO schedule_check_pkey;
ALTER TABLE keybridge.calendar_reconcile RENAME TO schedule_check;
ALTER INDEX keybridge.calendar_look RENAME TO schedule_look;
ALTER TABLE keybridge.calendar RENAME CONSTRAINT calendar_pkey TO schedule_pkey;
ALTER TABLE keybridge.calendar RENAME COLUMN last_started_id TO last_run_id;
ALTER TABLE keybridge.calendar RENAME COLUMN owner TO connection_id;
ALTER TABLE keybridge.calendar RENAME TO schedule;
ALTER TABLE keybridge.schedule
    ADD CONSTRAINT schedule_kind_check CHECK (kind IN ('full', 'prices')),
    ADD CONSTRAINT schedule_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES keybridge.connection (id);
