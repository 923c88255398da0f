import type { SchemaChange } from '@plexsphere/wire';

/**
 * Who may ask an issuer for tokens. Rotation writes it; gateways read it at each request, and note by one function that an
 * assertion was used.
 */
export const CLIENT: SchemaChange = {
  name: 'Client1700000000007',
  sql: `
      CREATE TABLE ring.client (
        scope text NOT NULL REFERENCES ring.key_ring,
        client_id text NOT NULL,
        token_scopes text[] NOT NULL CHECK (cardinality(token_scopes) > 0),
        audiences text[] NOT NULL CHECK (cardinality(audiences) > 0),
        -- null: as long as the issuer lets a token live.
        ttl_seconds integer CHECK (ttl_seconds > 0),
        -- Public keys, [{key_id, algorithm, public_key}]; null where it has a secret.
        keys jsonb,
        created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
        -- Written whenever the secret is: two that rotate it at once do so one after the other.
        secret_since timestamptz,
        PRIMARY KEY (scope, client_id),
        CHECK ((keys IS NULL) = (secret_since IS NOT NULL))
      );

      -- SHA-256: of 256 random bits nothing slower hides more.
      CREATE TABLE ring.client_secret (
        scope text NOT NULL,
        client_id text NOT NULL,
        secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
        created_at timestamptz NOT NULL,
        -- Of the one before the newest.
        expires_at timestamptz,
        PRIMARY KEY (scope, client_id, secret_hash),
        FOREIGN KEY (scope, client_id) REFERENCES ring.client ON DELETE CASCADE
      );

      -- By the SHA-256 of its jti, until it is over by itself.
      CREATE TABLE ring.used_assertion (
        scope text NOT NULL,
        client_id text NOT NULL,
        jti_hash bytea NOT NULL CHECK (length(jti_hash) = 32),
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (scope, client_id, jti_hash)
      );
      CREATE INDEX used_assertion_expiry ON ring.used_assertion (expires_at);

      CREATE VIEW gateway.client AS
        SELECT c.scope, c.client_id, c.token_scopes, c.audiences, c.ttl_seconds, c.keys,
               ARRAY(SELECT s.secret_hash FROM ring.client_secret s
                      WHERE s.scope = c.scope AND s.client_id = c.client_id
                        AND (s.expires_at IS NULL OR s.expires_at > statement_timestamp())) AS secret_hashes
          FROM ring.client c;

      -- Whether it is used for the first time. Nothing is noted for longer than an assertion may last, so that whoever has a
      -- gateway's role fills no table.
      CREATE FUNCTION gateway.use_assertion(of_scope text, of_client text, jti text, ends_at timestamptz)
        RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
        AS $$
        BEGIN
          INSERT INTO ring.used_assertion (scope, client_id, jti_hash, expires_at)
            SELECT c.scope, c.client_id, pg_catalog.sha256(pg_catalog.convert_to(jti, 'UTF8')), ends_at
              FROM ring.client c
             WHERE c.scope = of_scope AND c.client_id = of_client AND c.keys IS NOT NULL
               AND ends_at > pg_catalog.clock_timestamp()
               AND ends_at <= pg_catalog.clock_timestamp() + interval '6 minutes'
          ON CONFLICT DO NOTHING;
          RETURN FOUND;
        END
        $$;
      REVOKE ALL ON FUNCTION gateway.use_assertion FROM PUBLIC;
    `,
};
