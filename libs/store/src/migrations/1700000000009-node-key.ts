import type { SchemaChange } from '@plexsphere/wire';

/**
 * Nodes' own keys, the tokens that are bound to them, and fleet runs, which have many of them changed. Of a Node without a row
 * in `node_key` the credential that it was enrolled with holds, without an end. Its generation is 0, and enters when it ends.
 */
export const NODE_KEY: SchemaChange = {
  name: 'NodeKey1700000000009',
  sql: `
      -- A public key is unique for ever: ring.bus_user has all that there ever were.
      CREATE TABLE ring.node_key (
        node_id uuid NOT NULL REFERENCES ring.node,
        generation bigint NOT NULL CHECK (generation >= 0),
        public_key text NOT NULL UNIQUE REFERENCES ring.bus_user,
        state text NOT NULL CHECK (state IN ('active', 'retiring', 'retired', 'revoked')),
        -- SHA-256, hex, of the request that made it: the same one again is answered again.
        request_hash text UNIQUE,
        -- The bus user JWT that holds; when the last one of this key ends, whichever that is.
        token text,
        token_iat bigint,
        token_expires_at timestamptz,
        tokens_until timestamptz,
        -- SHA-256, hex, of the token before, until the Node confirms this one: whoever names it has heard no answer. Where it
        -- is to give way and not to stand beside, until when it does.
        former_token_hash text,
        former_token_iat bigint CHECK (former_token_iat < token_iat),
        former_until timestamptz,
        retiring_until timestamptz,
        -- When the Node said that it works by this key.
        confirmed_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (node_id, generation),
        CHECK ((state = 'retiring') = (retiring_until IS NOT NULL)),
        CHECK ((former_token_iat IS NULL) = (former_until IS NULL)),
        CHECK (generation = 0 OR num_nulls(request_hash, token, token_iat, token_expires_at, tokens_until) = 0),
        CHECK (generation > 0 OR state <> 'active')
      );
      CREATE UNIQUE INDEX one_active_node_key ON ring.node_key (node_id) WHERE state = 'active';
      CREATE UNIQUE INDEX one_retiring_node_key ON ring.node_key (node_id) WHERE state = 'retiring';
      CREATE INDEX retiring_node_key ON ring.node_key (retiring_until) WHERE state = 'retiring';
      CREATE INDEX former_node_token ON ring.node_key (former_until) WHERE former_until IS NOT NULL;

      -- rotate_after: from when on policy wants another key. contested_at: since when a key that was replaced goes on being
      -- used. revoked_reason: an operator's words.
      ALTER TABLE ring.node
        ADD tags text[] NOT NULL DEFAULT '{}',
        ADD rotate_after timestamptz,
        ADD contested_at timestamptz,
        ADD revoked_reason text;
      CREATE INDEX node_tags ON ring.node USING gin (tags) WHERE state = 'enrolled';
      CREATE INDEX contested_node ON ring.node (contested_at) WHERE contested_at IS NOT NULL AND state = 'enrolled';

      -- What a Node's own changes end is pushed with others; whatever somebody revokes, at once. node_key: of a Node that goes
      -- on by another key or token, so that it never leaves the list before its time, and counts to the second.
      ALTER TABLE ring.bus_revocation DROP CONSTRAINT bus_revocation_kind_check;
      ALTER TABLE ring.bus_revocation ADD CHECK (kind IN ('node', 'node_key', 'operator', 'service')),
        ADD urgent boolean NOT NULL DEFAULT true;

      -- A Node that replaces its token again and again leaves one row: what a later one of the same key covers goes as well.
      CREATE OR REPLACE FUNCTION ring.forget_revocations(skew interval)
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ''
        AS $$
          DELETE FROM ring.bus_revocation
           WHERE expires_at < clock_timestamp() - greatest(skew, interval '0');
          DELETE FROM ring.bus_revocation AS earlier
           WHERE kind = 'node_key' AND signed_at IS NOT NULL
             AND EXISTS (SELECT FROM ring.bus_revocation AS later
                          WHERE later.public_key = earlier.public_key AND later.kind = 'node_key'
                            AND later.revoked_at > earlier.revoked_at AND later.signed_at IS NOT NULL
                            AND (later.expires_at IS NULL OR later.expires_at >= earlier.expires_at));
        $$;

      CREATE TABLE ring.fleet_run (
        id uuid PRIMARY KEY,
        mode text NOT NULL CHECK (mode IN ('sequential', 'rolling', 'parallel')),
        batch integer CHECK (batch >= 1),
        on_error text NOT NULL CHECK (on_error IN ('continue', 'stop-after', 'fail-fast')),
        stop_after integer CHECK (stop_after >= 0),
        deadline_ms bigint NOT NULL CHECK (deadline_ms > 0),
        targets jsonb NOT NULL,
        reason text,
        state text NOT NULL CHECK (state IN ('running', 'halted', 'finished', 'aborted')),
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        ended_at timestamptz,
        -- The wave that is under way, since when, how often its Nodes were nudged, and when to look again.
        wave integer NOT NULL DEFAULT 0,
        wave_began_at timestamptz,
        nudges integer NOT NULL DEFAULT 0,
        due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- Counts the changes of its steps, and its own.
        seq bigint NOT NULL DEFAULT 0,
        -- Whose Nodes it has: who may not command all of these sees nothing of it.
        scopes text[] NOT NULL,
        -- How many steps it has in how many waves, and how many of them are in which state: kept with each change of a step,
        -- so that nobody who looks counts them. What is in none of these still waits for its wave.
        nodes integer NOT NULL CHECK (nodes >= 1),
        waves integer NOT NULL CHECK (waves BETWEEN 1 AND nodes),
        ordered integer NOT NULL DEFAULT 0 CHECK (ordered >= 0),
        rotated integer NOT NULL DEFAULT 0,
        failed integer NOT NULL DEFAULT 0,
        skipped integer NOT NULL DEFAULT 0,
        -- Failures that an operator has seen and gone on after.
        forgiven integer NOT NULL DEFAULT 0 CHECK (forgiven <= failed),
        CHECK (ordered + rotated + failed + skipped <= nodes),
        CHECK (wave <= waves),
        CHECK ((mode = 'rolling') = (batch IS NOT NULL)),
        CHECK ((on_error = 'stop-after') = (stop_after IS NOT NULL)),
        CHECK ((state IN ('finished', 'aborted')) = (ended_at IS NOT NULL))
      );
      CREATE INDEX running_fleet_run ON ring.fleet_run (due_at) WHERE state = 'running';
      CREATE INDEX fleet_run_newest ON ring.fleet_run (created_at DESC, id);

      CREATE TABLE ring.fleet_step (
        run_id uuid NOT NULL REFERENCES ring.fleet_run ON DELETE CASCADE,
        node_id uuid NOT NULL REFERENCES ring.node,
        wave integer NOT NULL CHECK (wave >= 1),
        state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'ordered', 'rotated', 'failed', 'skipped')),
        reason text,
        offline_since timestamptz,
        -- The generation that it is to end.
        generation bigint,
        deadline_at timestamptz,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        seq bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (run_id, node_id),
        CHECK ((state IN ('failed', 'skipped')) = (reason IS NOT NULL))
      );
      CREATE INDEX fleet_step_wave ON ring.fleet_step (run_id, wave, node_id);
      CREATE INDEX fleet_step_seq ON ring.fleet_step (run_id, seq);
      CREATE INDEX ordered_fleet_step ON ring.fleet_step (node_id) WHERE state = 'ordered';

      -- Nodes over HTTP that were taken out: whatever stream such a Node still has on a gateway is cut.
      CREATE INDEX gone_http_node ON ring.node (removed_at) WHERE state <> 'enrolled' AND bearer_hash IS NOT NULL;
      CREATE VIEW gateway.gone AS
        SELECT n.id, n.removed_at FROM ring.node n WHERE n.state <> 'enrolled' AND n.bearer_hash IS NOT NULL;
    `,
};
