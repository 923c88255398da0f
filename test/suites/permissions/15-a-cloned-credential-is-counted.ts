import { eventually } from '@plexsphere/testkit';
import type { ShowNodeReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { dial, makeNode, makeToken } from './hands';

const HANDS = 3;
const TOO_MANY = 'a bus credential is in many hands';

/** S10: a Node's credential in more than one place is shown, and in four a warning; services share theirs rightly. */
export const step: Step = async (world) => {
  const node = await makeNode(world, 'platform', 'cloned');
  const connections = async () => (await world.json<ShowNodeReply>(['node', 'show', '--node-id', node.id])).connections;
  const rotations = world.stack.services('rotation');
  const logs = rotations.map(({ log }) => log.size);
  const warnings = () =>
    rotations.flatMap((service, index) => service.logs(logs[index]).filter(({ msg }) => msg === TOO_MANY));

  await world.nodes.at(-1)?.start();
  await eventually(async () => (await connections()) === 1, { describe: 'one connection counted' });
  const shown = await world.plexctl(['node', 'show', '--node-id', node.id]);
  expect(shown.stdout).not.toMatch(/^connections/m);

  const user = { kind: 'node', id: node.id } as const;
  const clones = [await dial(world, node.creds, user)];
  // Each replica counts for itself, and any of them answers.
  const text = async () => (await world.plexctl(['node', 'show', '--node-id', node.id])).stdout;
  await eventually(async () => /^connections +2: /m.test(await text()), { describe: 'the clone counted' });
  expect(warnings()).toEqual([]);

  while (clones.length < HANDS) clones.push(await dial(world, node.creds, user));
  await eventually(() => warnings().length === rotations.length, { describe: 'a warning of each replica' });
  expect(warnings()[0]).toMatchObject({ kind: 'node', name: 'cloned', connections: 1 + HANDS });

  // What goes is counted, too; and a replica that starts anew asks the bus what was there before it.
  await clones[0]?.close();
  await eventually(async () => (await connections()) === HANDS, { describe: 'one less counted' });
  await rotations[0]?.restart();
  await eventually(async () => (await connections()) === HANDS, { describe: 'counted anew' });

  const operator = await makeToken(world, { name: 'shared', role: 'viewer' });
  for (let n = 0; n <= HANDS; n++) await dial(world, operator.creds, { kind: 'operator', id: operator.id });
  await eventually(() => warnings().some(({ kind, name }) => kind === 'operator' && name === 'shared'), {
    describe: 'a warning of a shared token',
  });
  expect(warnings().filter(({ name }) => name !== 'cloned' && name !== 'shared')).toEqual([]);
};
