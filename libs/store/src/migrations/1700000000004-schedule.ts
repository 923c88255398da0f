import type { SchemaChange } from '@plexsphere/wire';

/** What was decided for rings beyond the service's settings, and what is done by it without anybody's asking. */
export const SCHEDULE: SchemaChange = {
  name: 'Schedule1700000000004',
  sql: `
      CREATE TABLE ring.kind_policy (
        kind text PRIMARY KEY,
        -- What it decides, and nothing of what it leaves to the settings.
        members jsonb NOT NULL,
        version bigint NOT NULL CHECK (version >= 1),
        decided_at timestamptz NOT NULL
      );

      -- What one ring goes by: its own decisions, and its kind's as they were applied to it, under the ring's own lock.
      CREATE TABLE ring.policy (
        scope text PRIMARY KEY REFERENCES ring.key_ring,
        own jsonb NOT NULL DEFAULT '{}',
        of_kind jsonb NOT NULL DEFAULT '{}',
        kind_version bigint NOT NULL DEFAULT 0,
        -- Since when its schedule is as it is: the first time is counted from then.
        scheduled_since timestamptz
      );

      -- The times that the schedule was acted on. Two who come to the same one meet here: one of them commits.
      CREATE TABLE ring.schedule (
        scope text NOT NULL REFERENCES ring.key_ring,
        due_at timestamptz NOT NULL,
        acted_at timestamptz NOT NULL,
        key_id text NOT NULL,
        request_id uuid NOT NULL UNIQUE,
        UNIQUE (scope, due_at)
      );

      -- Staged keys that are to sign once enough Nodes have them. At most one is pending a scope: that of its staged key.
      CREATE TABLE ring.promotion (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        scope text NOT NULL REFERENCES ring.key_ring,
        key_id text NOT NULL,
        percent integer NOT NULL CHECK (percent BETWEEN 1 AND 100),
        deadline timestamptz NOT NULL,
        reason text,
        asked_at timestamptz NOT NULL,
        actor text NOT NULL,
        request_id uuid NOT NULL UNIQUE,
        outcome text CHECK (outcome IN ('rotated', 'dropped')),
        ended_at timestamptz,
        -- Why it was dropped.
        end_reason text,
        CHECK ((outcome IS NULL) = (ended_at IS NULL))
      );
      CREATE UNIQUE INDEX one_pending_promotion ON ring.promotion (scope) WHERE outcome IS NULL;
      CREATE INDEX promotion_asked ON ring.promotion (scope, asked_at DESC);

      -- What a turn of the rotator asks of all rings at once.
      CREATE INDEX staged_key ON ring.signing_key (rotate_by) WHERE state = 'staged';

      -- What the rotator could not do: a row a scope, until it succeeds or nothing is to be done there any more.
      CREATE TABLE ring.rotator_failure (
        scope text PRIMARY KEY REFERENCES ring.key_ring,
        step text NOT NULL,
        detail text NOT NULL,
        failures integer NOT NULL CHECK (failures > 0),
        failed_at timestamptz NOT NULL,
        retry_at timestamptz NOT NULL
      );
    `,
};
