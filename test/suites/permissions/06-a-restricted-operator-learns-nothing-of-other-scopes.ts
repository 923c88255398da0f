import { randomUUID } from 'node:crypto';
import type { Command } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { ask, dialAs, known, makeToken, plexctlAs } from './hands';

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
    ['domain.remove', (id) => ({ id })],
    ['domain.plan-remove', (id) => ({ id })],
    ['events.list', (id) => ({ scope: `domain:${id}` })],
    ['audit.list', (id) => ({ scope: `domain:${id}` })],
    ['events.publish', (id) => ({ scope: `domain:${id}`, event_type: 'x' })],
    ['node.enroll-token', (id) => ({ scope: `domain:${id}`, token_hash: 'ab'.repeat(32) })],
    ['enroll-token.list', (id) => ({ scope: `domain:${id}` })],
    ['enroll-token.revoke', (id) => ({ scope: `domain:${id}`, id: randomUUID() })],
    ['key.rotate', (id) => ({ scope: `domain:${id}` })],
    ['node.remove', (id) => ({ scope: `domain:${id}`, name: 'edge-1' })],
  ];
  for (const [command, of] of commands) {
    const answers = [await ask(connection, restricted, command, of(there))];
    answers.push(await ask(connection, restricted, command, of(nowhere)));
    const denied = { code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
    expect([command, ...answers.map((answer) => answer.body)]).toEqual([command, denied, denied]);
  }
  // Not by what is left open either: the Domain's rows are in neither list.
  const [events, audit] = [
    await ask(connection, restricted, 'events.list', {}),
    await ask(connection, restricted, 'audit.list', {}),
  ];
  const rows = [...(events.body['events'] as { scope: string }[]), ...(audit.body['entries'] as { scope: string }[])];
  expect(rows.filter(({ scope }) => scope !== 'platform')).toEqual([]);
  // An id that stands beside a scope of their own leads no further.
  const edge = known(world, 'edge-1').id;
  const smuggled = await ask(connection, restricted, 'node.remove', { node_id: edge, scope: 'platform' });
  expect(smuggled.body).toMatchObject({ detail: 'signing: unknown node' });
  const told = await plexctlAs(world, restricted, ['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  expect(told.exitCode).toBe(77);
  expect((await ask(connection, restricted, 'signing.ring', { scope: 'platform' })).code).toBe('OK');
  // What proves keys is for whoever verifies: a Domain's chain leads on from the platform's.
  const ofDomain = await makeToken(world, { name: 'domain-only', role: 'viewer', scopes: [world.domain] });
  const verifyChain = ['signing', 'verify-chain', '--scope', world.domain, '--anchor', known(world, 'edge-1').file];
  expect(await plexctlAs(world, ofDomain, verifyChain)).toMatchObject({ exitCode: 0 });
};
