-- +goose Up

-- Texts in languages beside the first: {"en": {"name": "…", "description": "…"}}. What is not there
-- is shown as in the first language, which stays in the columns name and description.
ALTER TABLE demoshop.products ADD COLUMN texts jsonb NOT NULL DEFAULT '{}';
ALTER TABLE demoshop.categories ADD COLUMN texts jsonb NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE demoshop.categories DROP COLUMN texts;
ALTER TABLE demoshop.products DROP COLUMN texts;
