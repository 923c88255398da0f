import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import type { RemoveDomainReply } from '@plexsphere/wire/commands';
import { OperatorConnection } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { domain, domainId: id } = world;
  await world.allSignersServe(domain);
  const free = await world.plexctl(['domain', 'remove', '--id', id, '--plan']);
  expect([free.exitCode, free.stderr]).toEqual([0, '']);
  expect(await world.kids(domain)).toEqual(['k2']);

  const operator = await OperatorConnection.open(world);
  const request = { id, request_id: randomUUID() };
  const { code, body } = await operator.ask('domain.remove', request);
  expect([code, body]).toEqual([
    '',
    {
      ...{ scope: domain, key_id: 'k2', removed_at: expect.any(String), epoch: 4 },
      ...{ lapsed: [], keys_destroyed: true },
    } satisfies RemoveDomainReply,
  ]);
  expect((await operator.ask('domain.remove', request)).body).toEqual(body);

  // Whoever held a lease has dropped the ring, and nothing of its keys is left anywhere.
  expect(await world.query('SELECT FROM ring.lease WHERE epochs ? $1', [domain])).toEqual([]);
  expect(
    await world.query('SELECT FROM material.wrapped_key WHERE scope = $1 AND ciphertext IS NOT NULL', [domain]),
  ).toEqual([]);
  await eventually(
    () =>
      world.stack
        .services('signer')
        .every((signer) => signer.logs().some(({ msg, scope }) => msg === 'ring removed' && scope === domain)),
    { describe: 'every signer saying that it has dropped the ring' },
  );
  const commands: string[][] = [
    ['signing', 'jwks', '--scope', domain],
    ['signing', 'status', '--scope', domain],
    ['signing', 'rotate', '--scope', domain, '--new-key-id', 'k3'],
    ['node', 'add', '--scope', domain, '--name', 'edge-2', '--out', `${id}.node.json`],
    ['events', 'publish', '--scope', domain, '--event-type', 'x'],
    ['events', 'list', '--scope', domain],
    ['domain', 'remove', '--id', id],
  ];
  for (const args of commands) {
    const ran = await world.plexctl(args, '');
    expect([args, ran.exitCode, ran.stderr.includes('signing: unknown scope')]).toEqual([args, 1, true]);
  }
  expect((await world.plexctl(['domain', 'list'])).stdout).not.toContain(id);
};
