import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { admin, askAs, dial, known } from './hands';

/** N-13: its own application learns of it, too. */
export const step: Step = async (world) => {
  const { domain } = world;
  const chief = await admin(world);
  const [edge1, edge2] = world.nodes;
  await Promise.all([edge1?.start(), edge2?.start()]);
  const removed = known(world, 'edge-1');
  const open = await dial(world, removed.creds, { kind: 'node', id: removed.id });
  // It sleeps while the ring changes, so it would lag, and has an event waiting for it.
  await edge1?.stop();
  await world.json(['signing', 'rotate', '--scope', domain, '--new-key-id', 'k2']);
  await eventually(() => edge2?.trusts[0] === 'k2', { describe: 'edge-2 trusting k2' });

  const answer = await askAs(world, chief, 'node.remove', { scope: domain, name: 'edge-1' });
  expect(answer).toMatchObject({ code: 'OK', body: { node_id: removed.id, scope: domain, name: 'edge-1' } });
  await open.closed();
  await expect(dial(world, removed.creds, { kind: 'node', id: removed.id })).rejects.toMatchObject({
    code: 'AUTHORIZATION_VIOLATION',
  });
  expect((await askAs(world, chief, 'node.remove', { node_id: removed.id })).code).toBe('NOT_FOUND');
  // No relay answers it before it is stopped.
  edge1?.start().catch((error: { code?: string }) => expect(error.code).toBe('stopped'));
  await eventually(() => edge1?.turnedAway[0]?.reason === 'AUTHORIZATION_VIOLATION', {
    describe: 'N-13: the removed Node being told that the bus does not let it in',
  });
  await edge1?.stop();

  const event = await world.json<{ nodes: number }>(
    ['events', 'publish', '--scope', domain, '--event-type', 'route_updated'],
    '{}',
  );
  expect(event.nodes).toBe(1);
  await eventually(() => edge2?.applied.length === 1, { describe: 'edge-2 having applied the event' });
  // The acknowledgement comes a moment after the key was taken.
  const triple = ['--scope', domain, '--old', 'k1', '--new', 'k2'];
  const close = () => world.plexctl(['signing', 'close', ...triple]);
  await eventually(async () => (await close()).exitCode === 0, { describe: 'a close that nobody blocks' });
  // Its name is free again, for a Node with a key of its own.
  await world.addNode(domain, 'edge-1');
};
