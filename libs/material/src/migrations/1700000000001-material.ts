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
        -- A copy, under its kid, of a key that was made ahead.
        introduced boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        prepared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        destroyed_at timestamptz,
        PRIMARY KEY (scope, key_id),
        CHECK ((ciphertext IS NULL) = (destroyed_at IS NOT NULL)),
        CHECK ((ciphertext IS NULL) = (nonce IS NULL)),
        CHECK (NOT introduced OR key_id NOT LIKE '~%')
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

      -- Keys made ahead (~ and the hash of the public half) that nothing commits to any more, and whatever its age the first
      -- copy of a key that now stands under its kid. Those in 'kept' stay.
      CREATE FUNCTION material.forget_ahead(of_scope text, kept text[], introduced_key_id text, prepared_before timestamptz)
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ''
        AS $$
          DELETE FROM material.wrapped_key AS ahead
           WHERE scope = of_scope AND key_id LIKE '~%' AND key_id <> ALL (kept)
             AND (prepared_at < least(prepared_before, clock_timestamp() - interval '10 minutes')
                  OR EXISTS (SELECT FROM material.wrapped_key AS taken
                              WHERE taken.scope = of_scope AND taken.key_id = introduced_key_id
                                AND taken.public_key = ahead.public_key))
        $$;
      REVOKE ALL ON FUNCTION material.forget_ahead FROM PUBLIC;

      -- The signer's role changes no public half by itself. What attempts have left under a name that no ring took gives way:
      -- a copy of a key that was made ahead at once to another such copy, since of two heads one has lost; and a copy to a key
      -- that is made for the name, or that to a copy, once no attempt can commit it any more. Until then nobody may have it
      -- exchanged under an attempt that wins. Answers when it gives way; null where it need not.
      CREATE FUNCTION material.replace_left(of_scope text, of_key_id text, its_algorithm text, its_public_key text,
                                            its_kek_id text, its_nonce bytea, its_ciphertext bytea, is_introduced boolean)
        RETURNS timestamptz LANGUAGE sql SECURITY DEFINER SET search_path = ''
        AS $$
          UPDATE material.wrapped_key
             SET algorithm = its_algorithm, public_key = its_public_key, kek_id = its_kek_id, nonce = its_nonce,
                 ciphertext = its_ciphertext, introduced = is_introduced, prepared_at = clock_timestamp()
           WHERE scope = of_scope AND key_id = of_key_id AND destroyed_at IS NULL
             AND CASE WHEN introduced = is_introduced THEN introduced AND public_key IS DISTINCT FROM its_public_key
                      ELSE prepared_at < clock_timestamp() - interval '1 minute' END;
          SELECT prepared_at + interval '1 minute' FROM material.wrapped_key
           WHERE scope = of_scope AND key_id = of_key_id AND destroyed_at IS NULL AND introduced <> is_introduced
        $$;
      REVOKE ALL ON FUNCTION material.replace_left FROM PUBLIC;

      -- The private half of that key is gone, and with it every copy: the one that was made ahead, and those of attempts
      -- that lost. No other name than the key's own stays taken.
      CREATE FUNCTION material.destroy(of_scope text, of_key_id text)
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ''
        AS $$
          DELETE FROM material.wrapped_key AS copy USING material.wrapped_key AS own
           WHERE own.scope = of_scope AND own.key_id = of_key_id
             AND copy.scope = of_scope AND copy.key_id <> of_key_id AND copy.public_key = own.public_key;
          UPDATE material.wrapped_key SET nonce = NULL, ciphertext = NULL, destroyed_at = now()
           WHERE scope = of_scope AND key_id = of_key_id AND destroyed_at IS NULL;
        $$;
      REVOKE ALL ON FUNCTION material.destroy FROM PUBLIC;

      -- Until when tokens by an issuer's key may live: no later end is signed before it stands here. It only rises, and stays
      -- when the key is gone, as the key's name does: whoever asks late hears the same.
      CREATE TABLE material.token_horizon (
        scope text NOT NULL,
        key_id text NOT NULL,
        horizon timestamptz NOT NULL,
        PRIMARY KEY (scope, key_id)
      );

      -- Answers how far it reaches afterwards, by whichever signer.
      CREATE FUNCTION material.raise_horizon(of_scope text, of_key_id text, to_horizon timestamptz)
        RETURNS timestamptz LANGUAGE sql SECURITY DEFINER SET search_path = ''
        AS $$
          INSERT INTO material.token_horizon AS present (scope, key_id, horizon)
          VALUES (of_scope, of_key_id, to_horizon)
          ON CONFLICT (scope, key_id) DO UPDATE SET horizon = greatest(present.horizon, excluded.horizon)
          RETURNING horizon
        $$;
      REVOKE ALL ON FUNCTION material.raise_horizon FROM PUBLIC;

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
