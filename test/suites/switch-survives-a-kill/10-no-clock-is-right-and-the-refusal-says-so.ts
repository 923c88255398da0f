import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { holderOf } from './thief';
import { setRight, setWrong } from './wrong-clock';

/** P-3: nobody is left who could sign; right again, everybody serves without a hand. */
export const step: Step = async (world) => {
  const [ahead, behind] = world.stack.services('signer');
  if (ahead === undefined || behind === undefined) throw new Error('two signers are needed');
  await setWrong(behind, -400);
  await eventually(() => behind.logs().some(({ msg }) => msg === 'clock is off, leases given back'));

  const rotate = ['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'platform-3'];
  const offBy = () => [`${holderOf(ahead)} is 6m40s ahead`, `${holderOf(behind)} is 6m40s behind`];
  // A renewal that was under way when the clock was set saw half of it; the next one sees it whole.
  await eventually(
    async () => {
      const { stderr } = await world.plexctl(rotate);
      return offBy().every((text) => stderr.includes(text));
    },
    { describe: 'both clocks seen as they are' },
  );

  const commands = [
    rotate,
    ['signing', 'sign', '--scope', world.domain],
    ['domain', 'create', '--id', '9c1f5a90-7a3e-4df7-a6b0-0c7a3f8a51c2', '--key-id', 'k1'],
    ['node', 'add', '--scope', world.domain, '--name', 'edge-3', '--out', `${world.stack.tokenFile}.edge-3`],
    ['token', 'create', '--name', 'late', '--role', 'viewer', '--out', `${world.stack.tokenFile}.late`],
  ];
  for (const command of commands) {
    const { exitCode, stderr } = await world.plexctl(command, '{}');
    expect([command, exitCode]).toEqual([command, 1]);
    expect(stderr).toContain('signing: no signer available');
    for (const text of offBy()) expect(stderr).toContain(text);
    expect(stderr).toMatch(/hint: set the clocks of these machines/);
  }

  await Promise.all([setRight(ahead), setRight(behind)]);
  await world.allSignersServe(world.domain);
  expect(await world.json(['signing', 'sign', '--scope', world.domain], '{}')).toMatchObject({ key_id: 'k4' });
  const applied = () => world.nodes.reduce((sum, node) => sum + node.applied.length, 0);
  const before = applied();
  await eventually(() => applied() > before, { describe: 'events at the Nodes again' });
  expect(world.nodes.flatMap(({ refused }) => refused)).toEqual([]);
};
