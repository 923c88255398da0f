import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await world.json(['policy', 'set', '--scope', world.domain, '--rotate-every', 'never']);
  const pending = (): Promise<unknown[]> =>
    world.query(
      `SELECT scope FROM ring.promotion WHERE scope = $1 AND outcome IS NULL
       UNION SELECT scope FROM ring.transition WHERE scope = $1 AND outcome IS NULL`,
      [world.domain],
    );
  await eventually(async () => (await pending()).length === 0, { describe: 'the last one ending', timeoutMs: 90_000 });

  const [taken] = await world.query<{ stages: string; times: string; people: string }>(
    `SELECT (SELECT count(*) FROM ring.ring_change WHERE scope = $1 AND change = 'stage') AS stages,
            (SELECT count(*) FROM ring.schedule WHERE scope = $1) AS times,
            (SELECT count(*) FROM ring.transition WHERE scope = $1 AND (actor <> 'rotation' OR ended_by <> 'rotation'))
              AS people`,
    [world.domain],
  );
  expect(taken).toMatchObject({ stages: taken?.times, people: '0' });
  const [active] = await world.kids(world.domain);
  await eventually(() => world.nodes.every(({ trusts }) => trusts[0] === active), { describe: 'all Nodes having it' });
};
