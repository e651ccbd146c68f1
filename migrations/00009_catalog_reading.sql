-- +goose Up

-- How long the CRM's lists are, as far as the last reading told: it decides whether a list is asked
-- for whole or by ids.
CREATE TABLE keybridge.known_list (
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    list          text NOT NULL,
    total         integer NOT NULL,
    PRIMARY KEY (connection_id, list)
);

-- How many offers products of the chosen categories have, archived ones among them.
CREATE TABLE keybridge.known_offers (
    connection_id text NOT NULL REFERENCES keybridge.connection (id),
    crm_id        text COLLATE "C" NOT NULL,           -- of the product
    offers        integer NOT NULL,
    PRIMARY KEY (connection_id, crm_id)
);

-- The ids a run asks for, group by group, so that it asks the same after a crash.
CREATE TABLE keybridge.run_group (
    run_id bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    n      integer NOT NULL,
    id     text COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, n, id)
);

-- What a run means to do to the category tree, in the order it is shown.
CREATE TABLE keybridge.run_tree (
    run_id bigint NOT NULL REFERENCES keybridge.run (id) ON DELETE CASCADE,
    n      integer NOT NULL,
    crm_id text COLLATE "C" NOT NULL,
    action text NOT NULL CHECK (action IN ('create', 'update', 'link', 'gone')),
    body   jsonb NOT NULL,
    state  text NOT NULL CHECK (state IN ('pending', 'dropped')),
    PRIMARY KEY (run_id, crm_id)
);

-- +goose Down
DROP TABLE keybridge.run_tree, keybridge.run_group, keybridge.known_offers, keybridge.known_list;
