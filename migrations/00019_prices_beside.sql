-- +goose Up

-- A full run that waits for a person holds up no prices: one run of a connection is at work at a time,
-- whatever waits for a decision beside it. A run that was let go on comes in its turn, so it does not
-- count before it is begun. Processes of the version before start no runs from here on; what is due
-- meanwhile starts once they are replaced.
DROP INDEX keybridge.run_active;
CREATE UNIQUE INDEX run_active ON keybridge.run (connection_id)
    WHERE state IN ('running', 'waiting') OR state = 'queued' AND approved_at IS NULL;
CREATE UNIQUE INDEX run_full ON keybridge.run (connection_id)
    WHERE kind = 'full' AND state IN ('queued', 'running', 'waiting', 'approval');

-- The version that other writes of ours have made, while the plan waited, of the one it was made from.
ALTER TABLE keybridge.run_plan ADD COLUMN seen_now text NOT NULL DEFAULT ''; -- empty: none was made

-- +goose Down
ALTER TABLE keybridge.run_plan DROP COLUMN seen_now;
DROP INDEX keybridge.run_full, keybridge.run_active;
CREATE UNIQUE INDEX run_active ON keybridge.run (connection_id)
    WHERE state IN ('queued', 'running', 'waiting', 'approval');
