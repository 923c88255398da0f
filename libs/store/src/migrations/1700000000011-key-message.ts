import type { SchemaChange } from '@plexsphere/wire';

/**
 * Key events in a table of their own. A change of a ring writes a row for each Node while it holds the scope's lock, so such
 * a row is as narrow as can be, has one index, and what else it could say is derived: whether it was sent, from how far
 * its Node's stream has told (node_stream); what it tells of, from its event.
 */
export const KEY_MESSAGE: SchemaChange = {
  name: 'KeyMessage1700000000011',
  sql: `
      -- No foreign keys and no checks: each would be a look a row, under the lock. Who writes it has just read the Node, and
      -- writes the event in the same transaction.
      CREATE TABLE outbox.key_message (
        event_id uuid NOT NULL,
        node_id uuid NOT NULL,
        -- Once it is settled: whether its Node applied it; one that it needs no more is superseded.
        applied boolean,
        PRIMARY KEY (event_id, node_id)
      );

      -- In the order in which such messages are written: whose ids come by chance are read from an index alone, or from a page
      -- of the table for each.
      CREATE INDEX node_of_scope ON ring.node (scope, id) WHERE state = 'enrolled';

      -- What has settled key messages, to be marked in them behind it, many at a time and in this order: an array of {node_id,
      -- scope, how, after_epoch, epoch, after_platform_epoch, platform_epoch}. It is written in the transaction that settles.
      CREATE TABLE outbox.key_mark (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        marks jsonb NOT NULL
      );

      -- Of key events alone: how many of their messages are marked so.
      ALTER TABLE outbox.event
        ADD applied integer NOT NULL DEFAULT 0,
        ADD superseded integer NOT NULL DEFAULT 0;
      CREATE INDEX event_of_key ON outbox.event (scope, epoch) WHERE epoch IS NOT NULL;

      -- Those that are there, as they stand; one that its Node has settled meanwhile, or that nobody hears any more, is marked.
      INSERT INTO outbox.key_message (event_id, node_id, applied)
        SELECT m.event_id::uuid, m.node_id,
               CASE WHEN m.outcome IS NOT NULL THEN m.outcome = 'applied'
                    WHEN m.epoch <= CASE WHEN m.ring_scope = s.scope THEN s.settled_epoch ELSE s.settled_platform_epoch END
                      THEN true
                    WHEN n.state <> 'enrolled' THEN false END
          FROM outbox.message m
          JOIN ring.node n ON n.id = m.node_id
          LEFT JOIN outbox.node_stream s ON s.node_id = m.node_id
         WHERE m.epoch IS NOT NULL
         ORDER BY m.event_id::uuid, m.node_id;
      -- Applied ones that are deleted count as such, as they did.
      UPDATE outbox.event e SET
        applied = e.nodes - coalesce(k.waiting, 0) - coalesce(k.superseded, 0),
        superseded = coalesce(k.superseded, 0)
        FROM outbox.event key
        LEFT JOIN (SELECT event_id, count(*) FILTER (WHERE applied IS NULL) AS waiting,
                          count(*) FILTER (WHERE NOT applied) AS superseded
                     FROM outbox.key_message GROUP BY event_id) k ON k.event_id::text = key.event_id
       WHERE key.epoch IS NOT NULL AND e.event_id = key.event_id;
      DELETE FROM outbox.message WHERE epoch IS NOT NULL;

      -- As it was, but for the key events among the messages.
      CREATE OR REPLACE VIEW gateway.node AS
        SELECT n.id, n.scope, n.state, n.bearer_hash, n.wireguard_key_wanted_at, s.listens, s.called_at,
               s.told_epoch, s.told_since, s.settled_epoch, s.settled_position, s.last_position, s.last_sequence,
               s.hello_id, s.hello IS NOT NULL AS is_hello_unanswered, s.word_at, s.stream_seen_at, s.waits_since,
               s.ready_epoch, s.ready_position, s.ready_at, statement_timestamp() AS read_at,
               EXISTS (SELECT FROM outbox.message m WHERE m.node_id = n.id AND m.state <> 'settled') AS outstanding
          FROM ring.node n JOIN outbox.node_stream s ON s.node_id = n.id
         WHERE n.bearer_hash IS NOT NULL;
      ALTER TABLE outbox.message DROP COLUMN ring_scope, DROP COLUMN epoch;
    `,
};
