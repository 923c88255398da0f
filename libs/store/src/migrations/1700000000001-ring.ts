import type { SchemaChange } from '@plexsphere/wire';

/**
 * Rotation's schema: key rings, transitions, leases, Nodes, operators, audit. The database guards what the domain
 * promises: one active key a ring, an end for every key that retires, one open transition a scope, one row an epoch.
 */
export const RING: SchemaChange = {
  name: 'Ring1700000000001',
  sql: `
      CREATE SCHEMA ring;

      -- Under which names the services' group roles stand in the server, which other installations may share; drawn with
      -- the grants.
      CREATE TABLE ring.database_role (service text PRIMARY KEY, name text NOT NULL UNIQUE);

      CREATE TABLE ring.installation (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        recovery_key_id text NOT NULL DEFAULT 'recovery',
        recovery_public_key text NOT NULL,
        -- When it last signed something: from then on it is exposed, and a new one should take its place.
        recovery_used_at timestamptz,
        bus_account_public_key text NOT NULL,
        bus_account_jwt text NOT NULL,
        bus_account_signed_at timestamptz NOT NULL DEFAULT now(),
        created_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE ring.key_ring (
        scope text PRIMARY KEY,
        epoch bigint NOT NULL CHECK (epoch >= 1),
        trust_epoch bigint NOT NULL CHECK (trust_epoch BETWEEN 1 AND epoch),
        created_at timestamptz NOT NULL DEFAULT now(),
        -- Of a ring that is there no more: its row keeps the name, for ever.
        removed_at timestamptz,
        keys_destroyed_at timestamptz,
        CHECK (keys_destroyed_at IS NULL OR removed_at IS NOT NULL)
      );
      CREATE INDEX unfinished_removal ON ring.key_ring (scope) WHERE removed_at IS NOT NULL AND keys_destroyed_at IS NULL;

      CREATE TABLE ring.signing_key (
        scope text NOT NULL REFERENCES ring.key_ring,
        key_id text NOT NULL,
        algorithm text NOT NULL,
        public_key text,
        state text NOT NULL CHECK (state IN ('staged', 'active', 'retiring', 'retired', 'revoked')),
        state_since timestamptz NOT NULL DEFAULT now(),
        -- When a key that retires verifies no more; a staged one may have an end, too.
        verifies_until timestamptz,
        -- If it was ever staged: when, since when everybody who serves the ring has done so with it, and until when it could
        -- begin to sign.
        staged_at timestamptz,
        published_at timestamptz CHECK (published_at IS NULL OR staged_at IS NOT NULL),
        rotate_by timestamptz,
        -- Of a key that signs tokens: the longest life that one may have ever since it first signed; and, once it signs no
        -- more and that is known, when the last of them is over.
        longest_token_ms bigint CHECK (longest_token_ms > 0),
        tokens_until timestamptz,
        -- Of a key of another service, which is published here as well: when that service signs its last token by it, and what
        -- those call it; null where they name no key. Ours are called by their key ids.
        foreign_signs_until timestamptz,
        jwk_kid text,
        -- When its private half was destroyed: of a key that is retired or revoked, after the switch.
        destroyed_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (scope, key_id),
        CHECK (state <> 'retiring' OR verifies_until IS NOT NULL),
        CHECK (state IN ('staged', 'retiring') OR verifies_until IS NULL),
        CHECK (state NOT IN ('staged', 'active') OR tokens_until IS NULL),
        CHECK (longest_token_ms IS NOT NULL OR tokens_until IS NULL),
        CHECK (foreign_signs_until IS NULL OR state IN ('retiring', 'retired', 'revoked')),
        CHECK (foreign_signs_until IS NOT NULL OR jwk_kid IS NULL),
        CHECK (state IN ('retired', 'revoked') OR destroyed_at IS NULL)
      );
      CREATE UNIQUE INDEX one_active_key ON ring.signing_key (scope) WHERE state = 'active';
      -- What is told of a ring, without a look at every key that it ever had.
      CREATE INDEX present_key ON ring.signing_key (scope) WHERE state IN ('staged', 'active', 'retiring');
      CREATE INDEX retiring_key ON ring.signing_key (verifies_until) WHERE state = 'retiring';
      CREATE INDEX doomed_key ON ring.signing_key (scope) WHERE state IN ('retired', 'revoked') AND destroyed_at IS NULL;

      -- Keys that signers were asked to make, until a ring takes them: what none took is deleted after an hour. Keys made
      -- ahead have no name yet: one row a scope, called ~.
      CREATE TABLE ring.prepared_key (
        scope text NOT NULL,
        key_id text NOT NULL,
        prepared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (scope, key_id)
      );
      CREATE INDEX prepared_key_age ON ring.prepared_key (prepared_at);

      CREATE TABLE ring.transition (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        scope text NOT NULL REFERENCES ring.key_ring,
        old_key_id text NOT NULL,
        new_key_id text NOT NULL,
        opened_at timestamptz NOT NULL,
        closes_at timestamptz NOT NULL CHECK (closes_at > opened_at),
        -- What verifiers were promised, as the statement has it: a close that comes later does not extend it.
        transition_expires timestamptz NOT NULL CHECK (transition_expires >= closes_at),
        opened_epoch bigint NOT NULL,
        reason text,
        actor text NOT NULL,
        request_id uuid NOT NULL UNIQUE,
        outcome text CHECK (outcome IN ('closed', 'rolled_back', 'revoked')),
        ended_at timestamptz,
        ended_epoch bigint,
        ended_by text,
        end_request_id uuid UNIQUE,
        CHECK ((outcome IS NULL) = (ended_at IS NULL))
      );
      CREATE UNIQUE INDEX one_open_transition ON ring.transition (scope) WHERE outcome IS NULL;
      CREATE INDEX latest_transition ON ring.transition (scope, opened_epoch DESC);

      -- One row an epoch: which key was active then, what was told of it, and what its statement commits to.
      CREATE TABLE ring.ring_change (
        scope text NOT NULL REFERENCES ring.key_ring,
        epoch bigint NOT NULL,
        change text NOT NULL CHECK (change IN ('create', 'rotate', 'stage', 'unstage', 'rollback', 'revoke', 'recommit',
                                               'recovery', 'import', 'close', 'settle', 'remove', 'policy')),
        active_key_id text NOT NULL,
        -- What Nodes are told beside the active or the staged key, and until when they verify by it.
        previous_key_id text,
        previous_until timestamptz,
        event_id text NOT NULL UNIQUE,
        statement text,
        statement_hash text,
        next text,
        -- Whether the superior authority vouched for it, and at which epoch of the platform's ring, where that is another.
        by_superior boolean NOT NULL DEFAULT false,
        authority_epoch bigint,
        changed_at timestamptz NOT NULL DEFAULT now(),
        -- When no lease of an earlier epoch could be alive any more.
        switched_at timestamptz,
        PRIMARY KEY (scope, epoch),
        CHECK ((statement IS NULL) = (statement_hash IS NULL)),
        CHECK (statement IS NOT NULL OR next IS NULL)
      );
      CREATE INDEX ring_head ON ring.ring_change (scope, epoch DESC) WHERE statement IS NOT NULL;
      CREATE INDEX unswitched_change ON ring.ring_change (scope, epoch) WHERE switched_at IS NULL;

      -- One row a holder, not one a holder and scope: renewing stays one small write, however many scopes there are.
      CREATE TABLE ring.lease (
        holder text PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('signer', 'gateway')),
        -- SHA-256 of the secret that the holder drew: nobody else renews or releases its row.
        secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
        turn bigint NOT NULL,
        epochs jsonb NOT NULL,
        lease_ms integer NOT NULL,
        renewed_at timestamptz NOT NULL,
        -- Given back. The row stays for as long as its lease was: a renewal that was held up must not begin it anew.
        released boolean NOT NULL DEFAULT false,
        clock_off_ms bigint,
        -- What it claimed beyond a ring's epoch at its last renewal, and how often it has: no epoch of the row.
        ahead jsonb NOT NULL DEFAULT '{}',
        refused_claims bigint NOT NULL DEFAULT 0
      );

      -- Proof that a ring has had a later epoch than it has here: the scope is not served until an operator has decided.
      CREATE TABLE ring.later_statement (
        scope text PRIMARY KEY REFERENCES ring.key_ring,
        epoch bigint NOT NULL,
        statement text NOT NULL,
        shown_by text NOT NULL,
        shown_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE TABLE ring.node (
        id uuid PRIMARY KEY,
        scope text NOT NULL REFERENCES ring.key_ring,
        name text NOT NULL,
        -- Of a Node on the bus.
        bus_public_key text UNIQUE,
        -- Of a Node over HTTP: SHA-256 of the bearer token that it calls with.
        bearer_hash bytea UNIQUE CHECK (length(bearer_hash) = 32),
        mesh_ip inet,
        -- The X25519 public key of its tunnels, standard base64; wanted_at: from when on it is asked for another one.
        wireguard_key text,
        wireguard_key_since timestamptz,
        wireguard_key_wanted_at timestamptz,
        state text NOT NULL DEFAULT 'enrolled' CHECK (state IN ('enrolled', 'removed', 'revoked')),
        added_at timestamptz NOT NULL DEFAULT now(),
        CHECK (bus_public_key IS NOT NULL OR bearer_hash IS NOT NULL),
        CHECK (num_nonnulls(bearer_hash, mesh_ip, wireguard_key, wireguard_key_since) IN (0, 4))
      );
      CREATE UNIQUE INDEX one_node_name ON ring.node (scope, name) WHERE state = 'enrolled';
      CREATE UNIQUE INDEX one_mesh_ip ON ring.node (mesh_ip) WHERE state = 'enrolled';
      -- Which address of the mesh is tried next; they go round, and one that is taken is passed over.
      CREATE SEQUENCE ring.mesh_host;

      CREATE TABLE ring.operator (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
        scopes text[],
        bus_public_key text NOT NULL UNIQUE,
        -- SHA-256, hex, of the bearer token for HTTP: there it alone says who asks.
        bearer_hash text NOT NULL UNIQUE,
        expires_at timestamptz NOT NULL DEFAULT now() + interval '90 days',
        revoked_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now()
      );

      -- What a command answered, by request id: a retry gets the same answer.
      CREATE TABLE ring.request (
        request_id uuid PRIMARY KEY,
        command text NOT NULL,
        actor text NOT NULL,
        body_hash text NOT NULL,
        -- As it was written: whoever asks again reads the members in the same order.
        reply json NOT NULL,
        answered_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX request_answered ON ring.request (answered_at);

      CREATE TABLE ring.audit (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor text NOT NULL,
        action text NOT NULL,
        -- null: of the whole installation.
        scope text,
        request_id uuid,
        before jsonb,
        after jsonb,
        detail jsonb
      );
      -- By whatever it is asked for, newest first: the log is never pruned, and no question may cost more for that. The
      -- time is another expression wherever something stands before it: else the planner, which does not know which scope
      -- is a rare one, takes audit_time for all of them, and walks over the whole log to find three rows.
      CREATE INDEX audit_time ON ring.audit (happened_at, id);
      CREATE INDEX audit_scope ON ring.audit (scope, (happened_at AT TIME ZONE 'UTC'), id);
      CREATE INDEX audit_scope_action ON ring.audit (scope, action, (happened_at AT TIME ZONE 'UTC'), id);
      CREATE INDEX audit_actor ON ring.audit (actor, (happened_at AT TIME ZONE 'UTC'), id);
      CREATE INDEX audit_action ON ring.audit (action, (happened_at AT TIME ZONE 'UTC'), id);
      CREATE INDEX audit_request ON ring.audit (request_id) WHERE request_id IS NOT NULL;
    `,
};
