import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import type { Command } from '@plexsphere/wire';
import type { StatusReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { askAs, known, plexctlAs } from './hands';

export const step: Step = async (world) => {
  const { domain } = world;
  const viewer = known(world, 'viewer');
  expect((await plexctlAs(world, viewer, ['signing', 'jwks', '--scope', domain])).exitCode).toBe(0);
  const rotate = await plexctlAs(world, viewer, ['signing', 'rotate', '--scope', domain, '--new-key-id', 'k2']);
  expect(rotate.exitCode).toBe(77);
  expect(rotate.stderr).toContain('signing: permission denied');

  const commands: [Command, object][] = [
    ['signing.close', { scope: domain, old_key_id: 'k1', new_key_id: 'k2' }],
    ['signing.sign', { scope: domain, payload: {} }],
    ['domain.create', { id: randomUUID(), key_id: 'k1' }],
    ['domain.remove', { id: world.domainId }],
    ['node.add', { scope: domain, name: 'mine', bus_public_key: 'x' }],
    ['node.remove', { node_id: known(world, 'edge-1').id }],
    ['node.enroll-token', { scope: domain, token_hash: 'ab'.repeat(32) }],
    ['enroll-token.revoke', { scope: domain, id: randomUUID() }],
    ['key.rotate', { scope: domain }],
    ['events.publish', { scope: domain, event_type: 'x' }],
    ['token.create', { name: 'mine', role: 'admin' }],
    ['token.list', {}],
    ['token.revoke', { id: viewer.id }],
  ];
  const operators: Command[] = ['token.create', 'token.list', 'token.revoke'];
  for (const [command, body] of commands) {
    expect([command, (await askAs(world, viewer, command, body)).code]).toEqual([command, 'PERMISSION_DENIED']);
    if (!operators.includes(command)) continue;
    const { code } = await askAs(world, known(world, 'operator'), command, body);
    expect([command, code]).toEqual([command, 'PERMISSION_DENIED']);
  }
  expect(await world.kids(domain)).toEqual(['k1']);

  // S12: what was refused is counted, by who asked for what, and shown to who sees everything.
  const refused = { command: 'signing.rotate', code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
  await eventually(
    async () => {
      const { refusals } = await world.json<StatusReply>(['signing', 'status']);
      return refusals.some((each) => each.actor === 'viewer' && each.command === refused.command && each.count > 0);
    },
    { describe: 'the refusal counted' },
  );
  const { refusals } = await world.json<StatusReply>(['signing', 'status']);
  // On a busy machine plexctl has asked a second time before it heard.
  const counted = { count: expect.any(Number) as number, last_at: expect.any(String) as string };
  expect(refusals).toContainEqual({ actor: 'viewer', ...refused, ...counted });
};
