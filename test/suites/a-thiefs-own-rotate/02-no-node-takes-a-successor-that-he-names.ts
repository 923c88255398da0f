import { eventually, forgedStatement, testKey, type TestKey } from '@plexsphere/testkit';
import { forksOf, nodeOf } from '../../src/story-hands';
import type { Thief } from '../../src/thief';
import type { Step } from '../../src/tell-story';

/** By an announcement and by a chain, whatever epoch he says: the head commits to another key than his. */
export const step: Step = async (world) => {
  const thief = world.kept.get('thief') as Thief;
  const stolen = world.kept.get('stolen') as TestKey;
  const node = nodeOf(world, 'edge-1');
  for (const epoch of [2, Number.MAX_SAFE_INTEGER]) {
    const mallory = testKey('mallory');
    const statement = await thief.rotation(world.domain, mallory, { epoch });
    const text = forgedStatement(statement, stolen, mallory);
    const tried = [
      { kind: 'event', text: thief.announcement(world.domain, stolen, statement, text) },
      { kind: 'chain', text: await thief.chain({ own: [text] }) },
    ] as const;
    for (const { kind, text: told } of tried) {
      const before = node.refused.length;
      await thief.tell('edge-1', kind, told);
      await eventually(() => node.refused.length > before, { describe: `the ${kind} being refused` });
    }
  }
  expect(node.refused.map(({ reason }) => reason)).toEqual(Array(4).fill('next_not_kept'));
  expect(node.trusts).toEqual(['k1']);
  expect(await forksOf(world, world.domain)).toEqual([]);
};
