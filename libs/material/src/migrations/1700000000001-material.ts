import type { SchemaChange } from '@plexsphere/wire';

/** The signer's schema. Nobody but the signer's role (and the owner) may even see it: a schema is closed by default. */
export const MATERIAL: SchemaChange = {
  name: 'Material1700000000001',
  sql: `
      CREATE SCHEMA material;

      -- Destroyed: nonce and ciphertext are gone, the name stays taken for ever.
      CREATE TABLE material.wrapped_key (
        scope text NOT NULL,
        key_id text NOT NULL,
        algorithm text NOT NULL,
        public_key text,
        kek_id text NOT NULL,
        nonce bytea,
        ciphertext bytea,
        created_at timestamptz NOT NULL DEFAULT now(),
        prepared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        destroyed_at timestamptz,
        PRIMARY KEY (scope, key_id),
        CHECK ((ciphertext IS NULL) = (destroyed_at IS NOT NULL)),
        CHECK ((ciphertext IS NULL) = (nonce IS NULL))
      );

      -- A key that no ring ever took leaves no name behind. The signer's role may delete nothing by itself, and this
      -- nothing that was asked for lately: a ring takes a key within half a minute or not at all.
      CREATE FUNCTION material.forget_prepared(of_scope text, of_key_id text, prepared_before timestamptz)
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ''
        AS $$
          DELETE FROM material.wrapped_key
           WHERE scope = of_scope AND key_id = of_key_id AND destroyed_at IS NULL
             AND prepared_at < least(prepared_before, clock_timestamp() - interval '10 minutes')
        $$;
      REVOKE ALL ON FUNCTION material.forget_prepared FROM PUBLIC;

      CREATE TABLE material.bus_key (
        kind text PRIMARY KEY CHECK (kind IN ('operator', 'account')),
        public_key text NOT NULL,
        kek_id text NOT NULL,
        nonce bytea NOT NULL,
        ciphertext bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );
    `,
};
