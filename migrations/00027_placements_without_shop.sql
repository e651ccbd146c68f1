-- +goose Up

-- Placements that an adapter listed without a shop were still stored when stock was subtracted for them. They
-- are of no shop, so nobody can see or send them. What is still listed comes back as its shop's.
DELETE FROM keybridge.outbox WHERE shop_id = '';

-- +goose Down
SELECT 1;
