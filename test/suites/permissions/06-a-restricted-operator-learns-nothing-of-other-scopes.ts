import { randomUUID } from 'node:crypto';
import type { Command } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { ask, dialAs, known, plexctlAs } from './hands';

export const step: Step = async (world) => {
  const restricted = known(world, 'platform-only');
  const connection = await dialAs(world, restricted);
  const [there, nowhere] = [world.domainId, randomUUID()];
  const commands: [Command, (id: string) => object][] = [
    ['signing.ring', (id) => ({ scope: `domain:${id}` })],
    ['signing.rotate', (id) => ({ scope: `domain:${id}`, new_key_id: 'k2' })],
    ['signing.close', (id) => ({ scope: `domain:${id}`, old_key_id: 'k1', new_key_id: 'k2' })],
    ['signing.verify', (id) => ({ scope: `domain:${id}`, jws: 'x' })],
    ['domain.create', (id) => ({ id, key_id: 'k1' })],
    ['events.publish', (id) => ({ scope: `domain:${id}`, event_type: 'x' })],
    ['node.remove', (id) => ({ scope: `domain:${id}`, name: 'edge-1' })],
  ];
  for (const [command, of] of commands) {
    const answers = [await ask(connection, restricted, command, of(there))];
    answers.push(await ask(connection, restricted, command, of(nowhere)));
    const denied = { code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
    expect([command, ...answers.map((answer) => answer.body)]).toEqual([command, denied, denied]);
  }
  // An id that stands beside a scope of their own leads no further.
  const edge = known(world, 'edge-1').id;
  const smuggled = await ask(connection, restricted, 'node.remove', { node_id: edge, scope: 'platform' });
  expect(smuggled.body).toMatchObject({ detail: 'signing: unknown node' });
  const told = await plexctlAs(world, restricted, ['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  expect(told.exitCode).toBe(77);
  expect((await ask(connection, restricted, 'signing.ring', { scope: 'platform' })).code).toBe('OK');
};
