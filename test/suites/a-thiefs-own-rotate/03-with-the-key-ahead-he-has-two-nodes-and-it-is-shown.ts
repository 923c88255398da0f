import { eventually, forgedStatement, type TestKey } from '@plexsphere/testkit';
import type { ShowNodeReply } from '@plexsphere/wire/commands';
import { allTrust, forksOf, nodeOf } from '../../src/story-hands';
import type { Thief } from '../../src/thief';
import type { Step } from '../../src/tell-story';

const SHOWN_WITHIN_MS = 150_000;

/** Each by an epoch of its own. The third one hears nothing of it, and goes on. */
export const step: Step = async (world) => {
  const thief = world.kept.get('thief') as Thief;
  const stolen = world.kept.get('stolen') as TestKey;
  const mallory = await thief.stealKeyAhead(world.domain, 'mallory');
  const epochs = { 'edge-1': 2, 'edge-2': Number.MAX_SAFE_INTEGER };
  for (const [name, epoch] of Object.entries(epochs)) {
    const statement = await thief.rotation(world.domain, mallory, { epoch });
    const text = forgedStatement(statement, stolen, mallory);
    await thief.tell(name, 'event', thief.announcement(world.domain, stolen, statement, text));
  }
  const captured = Object.keys(epochs).map((name) => nodeOf(world, name));
  await allTrust(captured, ['mallory', 'k1']);
  await eventually(async () => (await forksOf(world, world.domain)).length === captured.length, {
    timeoutMs: SHOWN_WITHIN_MS,
    describe: 'the forks shown',
  });
  expect(await forksOf(world, world.domain)).toEqual(['edge-1', 'edge-2']);
  const show = ['node', 'show', '--scope', world.domain, '--name'];
  expect((await world.json<ShowNodeReply>([...show, 'edge-2'])).fork).toBeDefined();
  expect((await world.json<ShowNodeReply>([...show, 'edge-3'])).fork).toBeUndefined();
  expect(nodeOf(world, 'edge-3').trusts).toEqual(['k1']);
};
