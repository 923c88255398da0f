import type { SchemaChange } from '@plexsphere/wire';

/**
 * Secrets that two parties share: who they are, which of their processes are members, and what those last reported. The
 * secrets themselves are the signers'. What was said of a key or a member that is gone goes with the next report.
 */
export const CHANNEL: SchemaChange = {
  name: 'Channel1700000000008',
  sql: `
      ALTER TABLE ring.ring_change DROP CONSTRAINT ring_change_change_check;
      ALTER TABLE ring.ring_change ADD CONSTRAINT ring_change_change_check
        CHECK (change IN ('create', 'rotate', 'stage', 'unstage', 'rollback', 'revoke', 'recommit', 'recovery', 'import',
                          'close', 'settle', 'remove', 'policy', 'activate', 'members'));

      -- When the new key began to sign: with the opening, but where it is staged until all who verify have proven it.
      ALTER TABLE ring.transition ADD activated_at timestamptz;
      UPDATE ring.transition SET activated_at = opened_at;
      ALTER TABLE ring.transition ADD CHECK (activated_at >= opened_at AND closes_at > activated_at);

      -- In the place of a public half: what tells that two hold the same secret; and the epoch at which it came in, since
      -- proofs over an earlier one are of no key that it ever was.
      ALTER TABLE ring.signing_key ADD check_value text, ADD staged_epoch bigint,
        ADD CHECK (check_value IS NULL OR public_key IS NULL),
        ADD CHECK ((check_value IS NULL) = (staged_epoch IS NULL));

      CREATE TABLE ring.channel (
        slug text PRIMARY KEY,
        side_a text NOT NULL,
        side_b text NOT NULL CHECK (side_b <> side_a),
        created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp())
      );

      -- A member over HTTP has no tunnels.
      ALTER TABLE ring.node DROP CONSTRAINT node_check1;
      ALTER TABLE ring.node ADD CHECK (num_nonnulls(mesh_ip, wireguard_key, wireguard_key_since) IN (0, 3)
                                       AND (mesh_ip IS NULL OR bearer_hash IS NOT NULL));

      -- A Node is one member, of one channel, at one of its sides; it holds both of the channel's rings.
      CREATE TABLE ring.member (
        node_id uuid PRIMARY KEY REFERENCES ring.node,
        slug text NOT NULL REFERENCES ring.channel,
        side text NOT NULL,
        sealing_key text NOT NULL UNIQUE,
        is_sink boolean NOT NULL,
        added_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
        removed_at timestamptz
      );
      CREATE INDEX present_member ON ring.member (slug) WHERE removed_at IS NULL;

      -- The keys that a member's last report proved, and since when without a break.
      CREATE TABLE ring.member_key (
        scope text NOT NULL,
        node_id uuid NOT NULL REFERENCES ring.member,
        key_id text NOT NULL,
        proven_at timestamptz NOT NULL,
        -- Over which the proof was made, and the proof: the same one again is the same fact.
        epoch bigint NOT NULL,
        proof text NOT NULL,
        PRIMARY KEY (scope, node_id, key_id),
        FOREIGN KEY (scope, key_id) REFERENCES ring.signing_key
      );

      -- What a member last reported of a ring: one row each. By key id are the keys that the ring holds, which are few.
      CREATE TABLE ring.member_report (
        scope text NOT NULL REFERENCES ring.key_ring,
        node_id uuid NOT NULL REFERENCES ring.member,
        epoch bigint NOT NULL,
        -- The trust epoch that it holds, and since when.
        acknowledged_epoch bigint CHECK (acknowledged_epoch <= epoch),
        acknowledged_at timestamptz,
        reported_at timestamptz NOT NULL,
        period_from timestamptz NOT NULL,
        -- {key_id, at}
        last_signed jsonb,
        last_verified jsonb,
        -- {key_id: {at, period_from, reported_at}}: verified by it, and by no newer one.
        verified_alone jsonb NOT NULL DEFAULT '{}',
        -- Of a sink: key ids that it found where it writes, and kept.
        taken_over text[] NOT NULL DEFAULT '{}',
        PRIMARY KEY (scope, node_id),
        CHECK ((acknowledged_epoch IS NULL) = (acknowledged_at IS NULL)),
        CHECK (period_from <= reported_at)
      );

      -- What it refused in the last hour, by reason, in pieces of five minutes: each report deletes what is older.
      CREATE TABLE ring.member_refusal (
        scope text NOT NULL,
        node_id uuid NOT NULL,
        since timestamptz NOT NULL,
        reason text NOT NULL,
        count bigint NOT NULL CHECK (count > 0),
        PRIMARY KEY (scope, node_id, since, reason),
        FOREIGN KEY (scope, node_id) REFERENCES ring.member_report ON DELETE CASCADE
      );
    `,
};
