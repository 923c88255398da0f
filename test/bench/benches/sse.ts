import { setTimeout as delay } from 'node:timers/promises';
import { bearerOf, eventually, seedHttpNodes } from '@plexsphere/testkit';
import { residentBytes } from '../../src/process-costs';
import { StreamCrowd } from '../../src/stream-crowd';
import type { World } from '../../src/world';
import type { Bench } from '../src/bench';
import { total } from '../src/cpu';
import { compared, limited } from '../src/row';

const STREAMS = 10_000;
/** As the contract's client: it cuts each off, and asks for the next. */
const CUT_MS = 30_000;
const WINDOW_MS = 10_000;
const MIB = 1_024 * 1_024;

/** Nodes that are connected, hear nothing, and come again every half minute: 333 a second. Allow 20,000 descriptors a process. */
export const bench: Bench = {
  name: 'sse',
  takesSeconds: 73,
  async run(benches) {
    const world = await benches.stack({ rotations: 1, signers: 1, relays: 1, gateways: 1 });
    const ids = await enrolled(world);
    const [url = ''] = world.gatewayUrls;
    const bare = benches.peer('bare-streams.mjs');
    const others = await bare.ask<string>({ headers: await headersOf(url, ids[0] ?? '') });
    const pids = { gateway: world.stack.services('gateway')[0]?.pid ?? 0, bare: bare.pid ?? 0 };
    const memory = (): number[] => [residentBytes(pids.gateway) / MIB, residentBytes(pids.bare) / MIB];
    const idle = memory();
    const crowds = [[url], [others]].map((urls) =>
      StreamCrowd.begin(world, ids, { cutMs: CUT_MS, overMs: CUT_MS }, urls),
    );
    // From then on they come again, each in its turn.
    await delay(CUT_MS + 5_000);
    await Promise.all(crowds.map((crowd) => crowd.look()));
    const windows: { seconds: Record<string, number>; held: number[]; opened: number[] }[] = [];
    for (let window = 0; window < 3; window++) {
      const cpu = benches.cpuOf(pids);
      await delay(WINDOW_MS);
      const [seconds, held] = [cpu.seconds(), memory()];
      const seen = await Promise.all(crowds.map((crowd) => crowd.look()));
      const refused = seen.flatMap(({ refused, broken }) => [
        ...Object.keys(refused),
        ...(broken > 0 ? ['broken'] : []),
      ]);
      if (refused.length > 0) throw new Error(`streams were refused or broken: ${refused.join()}`);
      windows.push({ seconds, held, opened: seen.map(({ opened }) => (1_000 * opened) / WINDOW_MS) });
    }
    const held = (at: number): number[] => windows.map((each) => each.held[at] ?? NaN);
    const each = (at: number): number[] => held(at).map((all) => (1_024 * (all - (idle[at] ?? NaN))) / STREAMS);
    const share = windows.map(({ seconds }) => (100_000 * (seconds['gateway'] ?? NaN)) / WINDOW_MS);
    const reconnects = Math.round(windows.at(-1)?.opened[0] ?? NaN);
    const against_what = `bare node:http that holds the same ${STREAMS} answers with the same headers and signs of life, ${reconnects} reconnects a second to each, at the same time; it knows no Node, credential or bus`;
    const cpu = total(windows.map(({ seconds }) => seconds));
    const told = { better: 'lower', against_what } as const;
    const [ofGateway = NaN, ofBare = NaN] = idle;
    const beside = { 'MiB before the first stream': ofGateway, 'MiB before the first stream (peer)': ofBare };
    return [
      compared({ ...told, name: 'sse memory', unit: 'MiB', reach: 1.3, cpu, beside }, held(0), held(1)),
      compared({ ...told, name: 'sse memory each', unit: 'KiB a stream', reach: 1.3 }, each(0), each(1)),
      limited({ ...told, name: 'sse cpu', unit: '% of a core', reach: 50, against_what: '' }, share),
    ];
  },
};

async function enrolled(world: World): Promise<string[]> {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const query = (sql: string, values: unknown[]) => world.query(sql, values);
  const ids = await seedHttpNodes(query, world.domain, 0, STREAMS);
  await world.query('ANALYZE');
  const holds = () => world.query(`SELECT FROM ring.lease WHERE kind = 'gateway' AND epochs ? $1`, [world.domain]);
  await eventually(async () => (await holds()).length === 1, { describe: 'the gateway serving the Domain' });
  return ids;
}

/** Those of a stream, but for those that node:http makes itself. */
async function headersOf(gateway: string, id: string): Promise<Record<string, string>> {
  const over = new AbortController();
  const headers = { authorization: `Bearer ${bearerOf(id)}`, 'last-event-id': '1' };
  const answer = await fetch(`${gateway}/v1/nodes/${id}/events`, { headers, signal: over.signal });
  const said = Object.fromEntries(answer.headers);
  over.abort();
  for (const name of ['date', 'connection', 'keep-alive', 'transfer-encoding']) delete said[name];
  if (answer.status !== 200) throw new Error(`a stream is refused: ${answer.status}`);
  return said;
}
