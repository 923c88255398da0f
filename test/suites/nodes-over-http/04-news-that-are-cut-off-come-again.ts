import { seededRandom } from '@plexsphere/testkit';
import { nodesOf } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  const [node] = nodes.nodes;
  const random = seededRandom();
  // Within what a Node may ask for streams: the first and the last bytes, and some between.
  node!.newsCuts.push(1, 26, 27, ...[1, 2, 3].map(() => random.integer(28, 1_000)));
  await nodes.rotate('k5');
  await nodes.haveAll(await nodes.publish());
  await nodes.haveApplied();
  expect(node!.newsCuts).toEqual([]);
  expect(nodes.refusals).toEqual([]);
};
