import type { SchemaChange } from '@plexsphere/wire';

/**
 * What a gateway may know: views, which read with their owner's rights, so that its role has a right to no table. Of Nodes
 * those alone that call over HTTP; of a ring what everybody may have.
 */
export const GATEWAY: SchemaChange = {
  name: 'Gateway1700000000005',
  sql: `
      CREATE SCHEMA gateway;

      -- As of this very statement: read_at is what a word about it bears. Whoever has left stays, so that a Node which was
      -- removed is told so, and is no stranger.
      CREATE VIEW gateway.node AS
        SELECT n.id, n.scope, n.state, n.bearer_hash, n.wireguard_key_wanted_at, s.listens, s.called_at,
               s.told_epoch, s.told_since, s.settled_epoch, s.settled_position, s.last_position, s.last_sequence,
               s.hello_id, s.hello IS NOT NULL AS is_hello_unanswered, s.word_at, s.stream_seen_at, s.waits_since,
               s.ready_epoch, s.ready_position, s.ready_at, statement_timestamp() AS read_at,
               EXISTS (SELECT FROM outbox.message m
                        WHERE m.node_id = n.id AND m.state <> 'settled' AND m.epoch IS NULL) AS outstanding
          FROM ring.node n JOIN outbox.node_stream s ON s.node_id = n.id
         WHERE n.bearer_hash IS NOT NULL;

      -- When what stands at a position of a Node's stream was issued.
      CREATE VIEW gateway.sent AS
        SELECT m.node_id, m.position, m.issued_at FROM outbox.message m WHERE m.state = 'sent' AND m.position IS NOT NULL;

      -- Rings that are there, with the keys that are not put away. None of a channel: nobody verifies by it who asks here.
      CREATE VIEW gateway.ring AS
        SELECT r.scope, r.epoch, r.trust_epoch,
               (SELECT jsonb_agg(jsonb_build_object('key_id', k.key_id, 'state', k.state, 'algorithm', k.algorithm,
                                                    'public_key', k.public_key, 'verifies_until', k.verifies_until,
                                                    'foreign', CASE WHEN k.foreign_signs_until IS NOT NULL
                                                      THEN jsonb_build_object('kid', k.jwk_kid) END)
                                 ORDER BY k.created_at, k.key_id)
                  FROM ring.signing_key k
                 WHERE k.scope = r.scope AND k.state IN ('staged', 'active', 'retiring')) AS keys,
               -- The latest changes of trust, as Nodes are told of them that read no statement: one step down an index each.
               -- Sixteen at once a planner takes for all that an average ring has, and sorts the whole history of a long one.
               (WITH RECURSIVE told AS (
                  SELECT * FROM (
                    SELECT c.epoch, c.active_key_id, c.previous_key_id, c.previous_until, 1 AS turn
                      FROM ring.ring_change c
                     WHERE c.scope = r.scope AND c.statement IS NOT NULL AND c.change NOT IN ('recommit', 'recovery')
                     ORDER BY c.epoch DESC LIMIT 1) latest
                  UNION ALL
                  SELECT earlier.* FROM told CROSS JOIN LATERAL (
                    SELECT c.epoch, c.active_key_id, c.previous_key_id, c.previous_until, told.turn + 1
                      FROM ring.ring_change c
                     WHERE c.scope = r.scope AND c.epoch < told.epoch AND c.statement IS NOT NULL
                       AND c.change NOT IN ('recommit', 'recovery')
                     ORDER BY c.epoch DESC LIMIT 1) earlier
                   WHERE told.turn < 16)
                SELECT jsonb_agg(jsonb_build_object('epoch', epoch, 'active_key_id', active_key_id,
                                                    'previous_key_id', previous_key_id,
                                                    'previous_until', previous_until) ORDER BY epoch)
                  FROM told) AS changes
          FROM ring.key_ring r
         WHERE r.removed_at IS NULL AND NOT starts_with(r.scope, 'channel:');

      -- One row an epoch: what it was, and the statement where there is one.
      CREATE VIEW gateway.ring_change AS
        SELECT c.scope, c.epoch, c.change, c.statement, c.authority_epoch
          FROM ring.ring_change c JOIN ring.key_ring r ON r.scope = c.scope
         WHERE r.removed_at IS NULL AND NOT starts_with(r.scope, 'channel:');

      -- Since when keys are on their way out: the one that has been for longest, of each kind of rings, and of no ring by name.
      -- One of another service goes by itself, when somebody said that it would.
      CREATE VIEW gateway.retiring AS
        SELECT split_part(k.scope, ':', 1) AS kind, min(k.state_since) AS since
          FROM ring.signing_key k
         WHERE k.state = 'retiring' AND k.foreign_signs_until IS NULL AND NOT starts_with(k.scope, 'channel:')
         GROUP BY kind;
    `,
};
