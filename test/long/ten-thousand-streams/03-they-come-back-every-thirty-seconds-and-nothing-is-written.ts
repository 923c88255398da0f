import { setTimeout as delay } from 'node:timers/promises';
import { costsOf, sharesOf } from '../../src/process-costs';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { CUT_MS, STREAMS, crowdOf, longestHolds, quantile, report } from './crowds';

const WATCHED_MS = 2 * CUT_MS;
/** What a daemon comes back from never, or not by itself; anything else passes. */
const STOPS = new Set(['400', '401', '403', '404', '429']);

/** Rows that were written since the server began, by table; a lease is renewed all the time, whoever is connected. */
async function written(world: World): Promise<Map<string, number>> {
  const rows = await world.query<{ name: string; count: string }>(
    `SELECT schemaname || '.' || relname AS name, n_tup_ins + n_tup_upd + n_tup_del AS count FROM pg_stat_user_tables
      WHERE relname <> 'lease'`,
  );
  return new Map(rows.map(({ name, count }) => [name, Number(count)]));
}

const commits = async (world: World): Promise<number> =>
  Number((await world.query<{ n: string }>(`SELECT sum(xact_commit) AS n FROM pg_stat_database`))[0]!.n);

export const step: Step = async (world) => {
  await crowdOf(world).look();
  await longestHolds(world);
  const [tables, asked, costs, beganAt] = [
    await written(world),
    await commits(world),
    costsOf(world),
    performance.now(),
  ];
  await delay(WATCHED_MS);
  const tookMs = performance.now() - beganAt;
  const seen = await crowdOf(world).look();
  report('reconnects a second', Math.round((1_000 * seen.opened) / tookMs));
  report('CPU, shares of a core', sharesOf(costs, costsOf(world), tookMs));
  report('transactions a second', Math.round((1_000 * ((await commits(world)) - asked)) / tookMs));
  report('a stream opens after ms, p50 p99', [quantile(seen.tookMs, 0.5), quantile(seen.tookMs, 0.99)]);
  report('longest hold of a gateway, ms', await longestHolds(world));
  report('refused', seen.refused);
  expect(Object.keys(seen.refused).filter((status) => STOPS.has(status))).toEqual([]);
  // Twice each; on a machine that has other things to do, fewer.
  expect(seen.opened).toBeGreaterThan(STREAMS / 2);
  const after = await written(world);
  const news = [...after].flatMap(([name, count]) =>
    count === tables.get(name) ? [] : [[name, count - (tables.get(name) ?? 0)]],
  );
  report('rows written', Object.fromEntries(news));
  // A sign of life a minute, of each Node once, however often and to whichever gateway it came.
  expect(news.map(([name]) => name).filter((name) => name !== 'outbox.node_stream')).toEqual([]);
  const minutes = Math.ceil(tookMs / 60_000);
  expect(Number(news[0]?.[1] ?? 0)).toBeLessThanOrEqual((minutes + 1) * STREAMS);
  const words = await world.query('SELECT FROM outbox.node_stream WHERE word_at IS NOT NULL OR hello IS NOT NULL');
  expect(words).toEqual([]);
};
