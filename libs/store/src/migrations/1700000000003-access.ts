import type { SchemaChange } from '@plexsphere/wire';

/**
 * Tokens that are used and revoked, Nodes that are removed: what the bus' account must refuse from then on. Tokens by which
 * Nodes register. And what was refused.
 */
export const ACCESS: SchemaChange = {
  name: 'Access1700000000003',
  sql: `
      ALTER TABLE ring.operator ADD COLUMN last_used_at timestamptz;
      CREATE UNIQUE INDEX one_operator_name ON ring.operator (name) WHERE revoked_at IS NULL;
      ALTER TABLE ring.node ADD COLUMN removed_at timestamptz;

      -- Whose bus key is taken, by a service, an operator or a Node. Revoking a key cuts everybody who has it, so nobody
      -- may be enrolled by somebody else's.
      CREATE TABLE ring.bus_user (public_key text PRIMARY KEY);
      INSERT INTO ring.bus_user
        SELECT bus_public_key FROM ring.node WHERE bus_public_key IS NOT NULL UNION SELECT bus_public_key FROM ring.operator;

      -- By which a Node registers over HTTP, once. What is used or over goes after a day; the audit log keeps it.
      CREATE TABLE ring.enrol_token (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        scope text NOT NULL REFERENCES ring.key_ring,
        token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
        created_by text NOT NULL,
        -- By the Node that it made.
        used_at timestamptz,
        node_id uuid REFERENCES ring.node,
        revoked_at timestamptz,
        CHECK ((used_at IS NULL) = (node_id IS NULL))
      );
      CREATE INDEX enrol_token_expiry ON ring.enrol_token (expires_at, id);

      -- The services' own, so that bring-up knows which an earlier one of a service is. The owner's alone.
      CREATE TABLE ring.service_credential (
        bus_public_key text PRIMARY KEY REFERENCES ring.bus_user,
        service text NOT NULL REFERENCES ring.database_role,
        issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        revoked_at timestamptz
      );

      -- Every credential of this bus user that was issued up to then is refused; of several rows the last counts.
      -- expires_at: when the last of those credentials is over by itself, and the row may go; none for a Node's, which may
      -- sleep for months. due_at: whoever revokes their own is to hear so first. signed_at: since when the account's JWT
      -- takes it into account.
      CREATE TABLE ring.bus_revocation (
        public_key text,
        kind text NOT NULL CHECK (kind IN ('node', 'operator', 'service')),
        revoked_at timestamptz NOT NULL,
        expires_at timestamptz,
        due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        signed_at timestamptz,
        PRIMARY KEY (public_key, revoked_at)
      );
      CREATE INDEX bus_revocation_unsigned ON ring.bus_revocation (due_at) WHERE signed_at IS NULL;
      CREATE INDEX bus_revocation_expiry ON ring.bus_revocation (expires_at) WHERE expires_at IS NOT NULL;
      CREATE INDEX bus_revocation_newest ON ring.bus_revocation (kind, revoked_at);

      -- Who revokes may take nothing back: what is over by every clock of the mesh goes, and nothing else.
      CREATE FUNCTION ring.forget_revocations(skew interval)
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ''
        AS $$
          DELETE FROM ring.bus_revocation
           WHERE expires_at < clock_timestamp() - greatest(skew, interval '0')
        $$;
      REVOKE ALL ON FUNCTION ring.forget_revocations FROM PUBLIC;

      -- What was refused to whom, counted by the minute: a row a kind of refusal, however many there were.
      CREATE TABLE ring.refusal (
        minute timestamptz,
        actor text,
        command text,
        code text,
        detail text,
        count bigint NOT NULL CHECK (count > 0),
        PRIMARY KEY (minute, actor, command, code, detail)
      );
    `,
};
