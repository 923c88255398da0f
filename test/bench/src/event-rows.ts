/** Ordinary events by SQL, as publishing leaves them, and settled ones, as settling leaves those. */
import { subjects } from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import { PAYLOAD } from './envelopes';
import type { Mesh } from './mesh';

const PUBLISH = `
  WITH fresh AS MATERIALIZED (
    SELECT n.id AS node_id, n.id || '/' || gen_random_uuid() AS event_id
      FROM generate_series(0, $3::int - 1) i
      JOIN unnest($2::uuid[]) WITH ORDINALITY AS n (id, place) ON n.place = i % cardinality($2::uuid[]) + 1
  ),
  event AS (
    INSERT INTO outbox.event (event_id, scope, event_type, payload)
    SELECT event_id, $1, 'route_updated', $4 FROM fresh
  )
  INSERT INTO outbox.message (node_id, scope, event_id) SELECT node_id, $1, event_id FROM fresh`;

/** So many events, each to one of these Nodes, by turns; then the relays are told, as after any commit. */
export async function publishEvents(
  mesh: Mesh,
  rotation: NatsConnection,
  nodeIds: readonly string[],
  count: number,
): Promise<void> {
  await mesh.query(PUBLISH, [mesh.scope, nodeIds, count, PAYLOAD]);
  rotation.publish(subjects.outboxChanged, '{}');
  await rotation.flush();
}

const EVENTS_AT_A_TIME = 100;

const SETTLE = `
  WITH fresh AS MATERIALIZED (SELECT gen_random_uuid()::text AS event_id FROM generate_series(1, $3::int)),
  event AS (
    INSERT INTO outbox.event (event_id, scope, event_type, payload, nodes)
    SELECT event_id, $1, 'route_updated', $4, cardinality($2::uuid[]) FROM fresh
  )
  INSERT INTO outbox.message (node_id, scope, event_id, position, state, outcome, sent_at, settled_at)
  SELECT s.node_id, s.scope, fresh.event_id, s.settled_position, 'settled', 'applied', now(), now()
    FROM fresh, outbox.node_stream s WHERE s.node_id = ANY($2::uuid[])`;

/** So many rows that these Nodes have applied long ago, of events to all of them. */
export async function addSettled(mesh: Mesh, nodeIds: readonly string[], rows: number): Promise<void> {
  for (let events = Math.ceil(rows / nodeIds.length); events > 0; events -= EVENTS_AT_A_TIME) {
    await mesh.query(SETTLE, [mesh.scope, nodeIds, Math.min(events, EVENTS_AT_A_TIME), PAYLOAD]);
  }
  // As autovacuum does within a minute.
  await mesh.query('VACUUM (ANALYZE) outbox.message, outbox.event');
}
