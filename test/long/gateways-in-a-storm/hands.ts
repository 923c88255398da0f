import { eventually, type StrictNode } from '@plexsphere/testkit';
import type { HttpNodes } from '../../src/http-nodes';
import type { World } from '../../src/world';

export const nodesOf = (world: World): HttpNodes => world.kept.get('nodes') as HttpNodes;

const WITHIN_MS = 10_000;
/** What the contract lets a Node ask for within ten seconds before it is told to wait. */
const MOST = 10;

/** What they did and heard since then: no loop, and nothing that would have stopped one of them for good. */
export function expectCalm(world: World, sinceMs: number): void {
  for (const node of nodesOf(world).nodes) {
    const asked = node.asked.filter(({ atMs }) => atMs >= sinceMs);
    expect(asked.map(({ status }) => status).filter((status) => ![200, 503, 0, undefined].includes(status))).toEqual(
      [],
    );
    expect(busiest(asked.map(({ atMs }) => atMs))).toBeLessThanOrEqual(MOST);
    expect(node.ended).toBeUndefined();
  }
}

const busiest = (times: number[]): number =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + WITHIN_MS).length));

/** Each of so many has been told by now that there is no stream, or that nobody is there. */
export const haveBeenTurnedAway = (world: World, sinceMs: number, least: number): Promise<unknown> => {
  const isTurnedAway = ({ asked }: StrictNode) =>
    asked.some(({ atMs, status }) => atMs >= sinceMs && (status === 503 || status === 0));
  return eventually(() => nodesOf(world).nodes.filter(isTurnedAway).length >= least, {
    describe: `${least} Nodes having been turned away`,
  });
};

/** Something goes away and comes back: what was published before and after comes to all, and none of them refuses any of it. */
export async function outlives(world: World, away: (sinceMs: number) => Promise<void>): Promise<void> {
  const nodes = nodesOf(world);
  const sinceMs = performance.now();
  const before = await nodes.publish();
  await away(sinceMs);
  const after = await nodes.publish();
  await nodes.haveAll(before);
  await nodes.haveAll(after);
  expectCalm(world, sinceMs);
  expect(nodes.refusals).toEqual([]);
}
