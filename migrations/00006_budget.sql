-- +goose Up

-- Until when requests of an account may have been granted. Redis counts them; when it has lost the
-- count, accounts that were not in use need not stand still. account is a keyed digest of the API key.
CREATE TABLE keybridge.budget_use (
    account     text PRIMARY KEY,
    used_until  timestamptz NOT NULL,
    used_before timestamptz            -- what used_until was when it was last written
);
