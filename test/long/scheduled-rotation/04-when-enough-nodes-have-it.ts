import { eventually } from '@plexsphere/testkit';
import { OperatorConnection } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

/** A Node that is off counts against it: past the deadline nothing is switched. With a share that the others are, it is. */
export const step: Step = async (world) => {
  const operator = await OperatorConnection.open(world);
  await world.nodes[2]?.stop();
  const [before] = await world.kids(world.domain);
  expect((await operator.ask('signing.stage', { scope: world.domain, new_key_id: 'by-share' })).code).toBe('');
  const rotate = ['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'by-share'];

  for (const wrong of ['0', '101']) {
    expect((await world.plexctl([...rotate, '--when-applied', wrong])).exitCode).toBe(2);
  }
  const beyond = await world.plexctl([...rotate, '--when-applied', '100', '--deadline', '8d']);
  expect([beyond.exitCode, beyond.stderr]).toEqual([2, expect.stringContaining('--deadline')]);
  expect(await world.json([...rotate, '--when-applied', '100', '--deadline', '4s'])).toMatchObject({ needed: 3 });
  const history = () => world.plexctl(['signing', 'history', '--scope', world.domain]);
  await eventually(async () => (await history()).stderr.includes('the deadline is over'), { timeoutMs: 60_000 });
  expect((await world.kids(world.domain))[0]).toBe(before);

  expect(await world.json([...rotate, '--when-applied', '60'])).toMatchObject({ needed: 2 });
  await eventually(async () => (await world.kids(world.domain))[0] === 'by-share', { timeoutMs: 60_000 });
};
