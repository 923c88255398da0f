import type { SchemaChange } from '@plexsphere/wire';

/**
 * Of messages that wait the statistics say now that there are none and now that there are no others, and a planner that goes by
 * them reads a whole index for each Node. So each question finds one index alone that it may be answered by.
 */
export const ONE_WAY: SchemaChange = {
  name: 'OneWay1700000000012',
  sql: `
      -- By Node: of each state an index of its own, which whoever asks for another cannot take.
      DROP INDEX outbox.message_outstanding;
      CREATE INDEX message_sent ON outbox.message (node_id, position, id) WHERE state = 'sent';

      -- Those of another order than by Node: each has a condition that is always true, and that those alone name who read it
      -- in its order.
      DROP INDEX outbox.message_due;
      CREATE INDEX message_due ON outbox.message (scope, id) WHERE state = 'unsent' AND scope > '';
      DROP INDEX outbox.message_waiting;
      CREATE INDEX message_waiting ON outbox.message (id) WHERE state <> 'settled' AND id > 0;

      -- As it was, but for the two states that are looked for one by one, in the order of their index and no other;
      -- OFFSET 0 keeps a planner from reading those of all Nodes at once.
      CREATE OR REPLACE VIEW gateway.node AS
        SELECT n.id, n.scope, n.state, n.bearer_hash, n.wireguard_key_wanted_at, s.listens, s.called_at,
               s.told_epoch, s.told_since, s.settled_epoch, s.settled_position, s.last_position, s.last_sequence,
               s.hello_id, s.hello IS NOT NULL AS is_hello_unanswered, s.word_at, s.stream_seen_at, s.waits_since,
               s.ready_epoch, s.ready_position, s.ready_at, statement_timestamp() AS read_at,
               EXISTS (SELECT FROM outbox.message m WHERE m.node_id = n.id AND m.state = 'unsent'
                        ORDER BY m.position LIMIT 1 OFFSET 0)
               OR EXISTS (SELECT FROM outbox.message m WHERE m.node_id = n.id AND m.state = 'sent'
                        ORDER BY m.position LIMIT 1 OFFSET 0) AS outstanding
          FROM ring.node n JOIN outbox.node_stream s ON s.node_id = n.id
         WHERE n.bearer_hash IS NOT NULL;
    `,
};
