import type { SchemaChange } from '@plexsphere/wire';

/**
 * The outbox. Rotation writes events and one message a Node; the relay owns each Node's stream: what it was told, what
 * it has settled, who may publish to it now.
 */
export const OUTBOX: SchemaChange = {
  name: 'Outbox1700000000002',
  sql: `
      CREATE SCHEMA outbox;

      -- payload is JSON text, kept as text: a jsonb column would spell numbers and order keys its own way.
      CREATE TABLE outbox.event (
        event_id text PRIMARY KEY,
        scope text NOT NULL,
        event_type text NOT NULL,
        payload text,
        epoch bigint,
        -- Messages that were written of it; they go one by one once they are settled.
        nodes integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX event_created ON outbox.event (created_at, event_id);
      -- Another expression of the time than in event_created, which must not be taken for a scope that has few events.
      CREATE INDEX event_scope ON outbox.event (scope, (created_at AT TIME ZONE 'UTC'), event_id);

      -- epoch (of the ring ring_scope): of key events alone, which are ordered and settled by it. position: of ordinary
      -- events alone, given at the first claim: an id is drawn before its commit, so a lower one can appear later.
      CREATE TABLE outbox.message (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        node_id uuid NOT NULL REFERENCES ring.node,
        event_id text NOT NULL REFERENCES outbox.event,
        ring_scope text,
        epoch bigint,
        position bigint,
        state text NOT NULL DEFAULT 'unsent' CHECK (state IN ('unsent', 'sent', 'settled')),
        -- Of what was sent to a Node that reads no statement: when the envelope was issued that has this position.
        issued_at timestamptz,
        outcome text CHECK (outcome IN ('applied', 'superseded', 'expired')),
        sent_at timestamptz,
        settled_at timestamptz,
        UNIQUE (event_id, node_id),
        CHECK ((state = 'settled') = (outcome IS NOT NULL)),
        CHECK ((epoch IS NULL) = (ring_scope IS NULL)),
        CHECK (epoch IS NULL OR position IS NULL)
      );
      CREATE INDEX message_outstanding ON outbox.message (node_id, position, id) WHERE state <> 'settled';
      CREATE INDEX message_unsent ON outbox.message (node_id, id) WHERE state = 'unsent';
      -- Who does not have an event, without a look at all those who do.
      CREATE INDEX message_unapplied ON outbox.message (event_id, outcome, id)
        WHERE outcome IS NULL OR outcome <> 'applied';
      CREATE INDEX message_settled ON outbox.message (settled_at) WHERE state = 'settled';

      -- listens: how its Node hears of what the stream stores.
      -- told_epoch, told_platform_epoch, settled_…: 0 where the Node follows a chain that is not ours.
      -- chain: where an unfinished chain goes on, by ring; null where none is.
      -- head, platform_head: the hashes of the last statements that it says it holds; forked_at, platform_forked_at: since
      -- when such a head stands nowhere in our chain; platform_forked_from: what it had settled of the platform's before, so
      -- that nothing up to there leads it back. ahead_epoch, ahead_platform_epoch: what it says beside a head of
      -- ours, where that is beyond the ring's epoch.
      -- hello: unanswered; hello_id: the latest one's, answered (hello_answered_at) or not; ready_again_at: when it was
      -- last answered anew, unasked.
      -- missed: {position, count, since} of events that expired unheard; the Node's next hello makes a resync of it.
      -- Of Nodes over HTTP: word_at: as of when the last word that was handled was read; called_at: the first call with
      -- its bearer; stream_seen_at: when it last had a stream; waits_since: since when its streams wait for a state;
      -- ready_…: of the last stream_ready that was sent; told_since: what the last word named, and each epoch that was
      -- announced since.
      CREATE TABLE outbox.node_stream (
        node_id uuid PRIMARY KEY REFERENCES ring.node,
        scope text NOT NULL,
        listens text NOT NULL DEFAULT 'bus' CHECK (listens IN ('bus', 'sdk', 'go')),
        told_epoch bigint NOT NULL,
        told_platform_epoch bigint NOT NULL,
        chain jsonb,
        settled_epoch bigint NOT NULL,
        settled_platform_epoch bigint NOT NULL,
        settled_position bigint NOT NULL DEFAULT 0,
        last_position bigint NOT NULL DEFAULT 0,
        last_sequence bigint NOT NULL DEFAULT 0,
        head text,
        platform_head text,
        forked_at timestamptz,
        platform_forked_at timestamptz,
        platform_forked_from bigint,
        ahead_epoch bigint,
        ahead_platform_epoch bigint,
        resend_at timestamptz,
        resend_count integer NOT NULL DEFAULT 0,
        hello jsonb,
        hello_id text,
        hello_answered_at timestamptz,
        ready_again_at timestamptz,
        missed jsonb,
        word_at timestamptz,
        called_at timestamptz,
        stream_seen_at timestamptz,
        waits_since timestamptz,
        ready_epoch bigint,
        ready_position bigint,
        ready_at timestamptz,
        told_since bigint[] NOT NULL DEFAULT '{0}',
        claim_owner text,
        claim_deadline timestamptz,
        attempt bigint NOT NULL DEFAULT 0,
        first_seen_at timestamptz,
        last_seen_at timestamptz
      );
      CREATE INDEX node_stream_scope ON outbox.node_stream (scope);
      CREATE INDEX node_stream_forked ON outbox.node_stream (scope, node_id)
        WHERE forked_at IS NOT NULL OR platform_forked_at IS NOT NULL;
      CREATE INDEX node_stream_waits ON outbox.node_stream (scope, node_id) WHERE waits_since IS NOT NULL;
      CREATE INDEX node_stream_resend ON outbox.node_stream (resend_at) WHERE resend_at IS NOT NULL;

      -- What the relay asks of a ring's history, which grows for ever: whose head a Node names, what leads back from a fork,
      -- which statements the platform vouched for and since when, and which recovery keys there were.
      CREATE UNIQUE INDEX ring_change_head ON ring.ring_change (scope, statement_hash) WHERE statement_hash IS NOT NULL;
      CREATE INDEX ring_change_way_back ON ring.ring_change (scope, epoch)
        WHERE by_superior AND change IN ('revoke', 'rollback');
      CREATE INDEX ring_change_authority ON ring.ring_change (scope, epoch) INCLUDE (authority_epoch)
        WHERE authority_epoch IS NOT NULL;
      CREATE INDEX ring_change_recovery ON ring.ring_change (scope, epoch) WHERE change = 'recovery';

      -- The stream's creation time as the bus tells it: another one means that the bus has lost its disk.
      CREATE TABLE outbox.bus_stream (
        name text PRIMARY KEY,
        created text NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now()
      );
    `,
};
