BEGIN;
-- Even IF NOT EXISTS fails where two sessions create the same table at the same time.
SELECT pg_advisory_xact_lock(hashtext('shop.orders'));

CREATE TABLE IF NOT EXISTS orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz
);

CREATE INDEX IF NOT EXISTS orders_waiting ON orders (id) WHERE processed_at IS NULL;
COMMIT;
