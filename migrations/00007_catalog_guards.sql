-- +goose Up

-- Why a run waits for a person, what a person decided, and what a run was asked for.
ALTER TABLE keybridge.run
    ADD COLUMN guards      jsonb NOT NULL DEFAULT '[]',    -- codes with parameters; empty: none spoke up
    ADD COLUMN preview     boolean NOT NULL DEFAULT false, -- plans, shows, and writes only once approved
    ADD COLUMN approved_by text NOT NULL DEFAULT '',       -- operator id or "cli"; empty: nobody
    ADD COLUMN approved_at timestamptz;

-- What guards count of a plan.
ALTER TABLE keybridge.run_plan
    ADD COLUMN price_moves   integer NOT NULL DEFAULT 0,     -- variants whose price moves by more than half
    ADD COLUMN gone_variants integer NOT NULL DEFAULT 0,     -- variants treated as missing
    ADD COLUMN replaced      boolean NOT NULL DEFAULT false, -- neither name nor SKU is what the shop has
    ADD COLUMN foreign_made  boolean NOT NULL DEFAULT false; -- writes to a product that we did not create

-- +goose Down
ALTER TABLE keybridge.run_plan DROP COLUMN price_moves, DROP COLUMN gone_variants, DROP COLUMN replaced,
    DROP COLUMN foreign_made;
ALTER TABLE keybridge.run DROP COLUMN guards, DROP COLUMN preview, DROP COLUMN approved_by, DROP COLUMN approved_at;
