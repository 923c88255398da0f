import type { SchemaChange } from '@plexsphere/wire';

/** What an issuer has beside its ring. */
export const ISSUER: SchemaChange = {
  name: 'Issuer1700000000006',
  sql: `
      CREATE TABLE ring.issuer (
        scope text PRIMARY KEY REFERENCES ring.key_ring,
        -- What its tokens name, and verifiers compare as text.
        url text NOT NULL UNIQUE,
        -- Which one is served at the root as well.
        is_default boolean NOT NULL,
        -- How long a token may live that is signed now, as it was told with the ring: another is a change of the ring.
        longest_token_ms bigint NOT NULL CHECK (longest_token_ms > 0),
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      CREATE UNIQUE INDEX one_default_issuer ON ring.issuer (is_default) WHERE is_default;

      -- What its metadata and its tokens name.
      CREATE VIEW gateway.issuer AS SELECT i.scope, i.url, i.is_default, i.longest_token_ms FROM ring.issuer i;
    `,
};
