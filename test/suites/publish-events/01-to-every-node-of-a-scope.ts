import { createHash } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

/** Number spellings and key order are the publisher's: nothing re-encodes a payload on its way. */
const PAYLOAD = '{"z":1.0,"a":12345678901234567890,"e":1E5,"text":"<&>"}';
const SIGNED = PAYLOAD.replace('<&>', '\\u003c\\u0026\\u003e');

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  for (const name of ['edge-1', 'edge-2']) await (await world.addNode(world.domain, name)).start();
  const publish = ['events', 'publish', '--scope', world.domain, '--event-type', 'route_updated'];
  const { event_id: eventId, nodes } = await world.json<{ event_id: string; nodes: number }>(publish, PAYLOAD);
  expect(nodes).toBe(2);
  await eventually(() => world.nodes.every((node) => node.applied.length === 1));
  // S12: who published what is known by its hash, and the payload itself stands in no row of the log.
  const audit = await world.query<{ detail: object }>(
    `SELECT detail FROM ring.audit WHERE action = 'events.publish' AND actor <> '' AND scope = $1`,
    [world.domain],
  );
  const payload_sha256 = createHash('sha256').update(PAYLOAD).digest('hex');
  expect(audit).toEqual([{ detail: { event_id: eventId, event_type: 'route_updated', nodes: 2, payload_sha256 } }]);
  for (const node of world.nodes) expect(node.applied[0]).toMatchObject({ eventId, payload: SIGNED });
};
