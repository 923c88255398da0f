import type { SchemaChange } from '@plexsphere/wire';

/**
 * What is due is found by indexes, and by no look at all Nodes: one for each reason why a Node may be due, of those alone of
 * whom it can be true.
 */
export const DUE: SchemaChange = {
  name: 'Due1700000000010',
  sql: `
      -- A stream is open while its Node is enrolled. Of one that was taken out it ends: what waited is to be settled.
      ALTER TABLE outbox.node_stream
        ADD state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'ending', 'ended'));
      UPDATE outbox.node_stream s SET state = 'ending' FROM ring.node n WHERE n.id = s.node_id AND n.state <> 'enrolled';
      -- Who is away is sent nothing again: its time is planned when it shows itself.
      UPDATE outbox.node_stream SET resend_at = NULL
       WHERE resend_at IS NOT NULL AND coalesce(last_seen_at <= clock_timestamp() - interval '180 s', true);

      -- A claim changes nothing that an index knows; where a page has room for the row's next version none is written to.
      ALTER TABLE outbox.node_stream SET (fillfactor = 50);

      -- Behind in epoch: who is told by announcements and chains, and follows no other chain than ours.
      CREATE INDEX node_stream_told ON outbox.node_stream (scope, told_epoch, node_id)
        WHERE state = 'open' AND listens <> 'go' AND told_epoch > 0 AND told_platform_epoch > 0;
      CREATE INDEX node_stream_told_platform ON outbox.node_stream (scope, told_platform_epoch, node_id)
        WHERE state = 'open' AND listens <> 'go' AND told_epoch > 0 AND told_platform_epoch > 0;
      -- Who follows another chain: of what it is to hear no index could say whether it leads back.
      CREATE INDEX node_stream_astray ON outbox.node_stream (scope, node_id)
        WHERE state = 'open' AND listens <> 'go' AND (told_epoch = 0 OR told_platform_epoch = 0);
      -- Who reads no statement, and waits for no state.
      CREATE INDEX node_stream_untold_go ON outbox.node_stream (scope, least(told_epoch, coalesce(ready_epoch, 0)), node_id)
        WHERE state = 'open' AND listens = 'go' AND waits_since IS NULL;
      CREATE INDEX node_stream_hello ON outbox.node_stream (scope, node_id)
        WHERE state = 'open' AND hello IS NOT NULL AND waits_since IS NULL AND (told_epoch > 0 OR listens = 'go');
      CREATE INDEX node_stream_chain ON outbox.node_stream (scope, node_id) WHERE state = 'open' AND chain IS NOT NULL;
      DROP INDEX outbox.node_stream_resend;
      CREATE INDEX node_stream_resend ON outbox.node_stream (scope, resend_at, node_id)
        WHERE state = 'open' AND resend_at IS NOT NULL AND told_epoch > 0;
      CREATE INDEX node_stream_ending ON outbox.node_stream (node_id) WHERE state = 'ending';
      -- Each of the others tells the scope first.
      DROP INDEX outbox.node_stream_scope;

      CREATE INDEX mesh_ring ON ring.key_ring (scope)
        WHERE removed_at IS NULL AND (scope = 'platform' OR starts_with(scope, 'domain:'));

      -- Its Node's.
      ALTER TABLE outbox.message ADD scope text;
      UPDATE outbox.message m SET scope = n.scope FROM ring.node n WHERE n.id = m.node_id;
      ALTER TABLE outbox.message ALTER scope SET NOT NULL;
      -- In the order in which a Node's are sent: what has a position, then what was never claimed. However many there are, a
      -- claim reads those that it takes.
      DROP INDEX outbox.message_unsent;
      CREATE INDEX message_unsent ON outbox.message (node_id, position, id) WHERE state = 'unsent';
      CREATE INDEX message_due ON outbox.message (scope, id) WHERE state = 'unsent';
      -- What waits, the oldest first.
      CREATE INDEX message_waiting ON outbox.message (id) WHERE state <> 'settled';
    `,
};
