import { eventually } from '@plexsphere/testkit';
import { routePath } from '@plexsphere/wire';
import type { Bench } from '../src/bench';
import { total } from '../src/cpu';
import { httpLoad } from '../src/http-load';
import { compared } from '../src/row';

const CONNECTIONS = 16;
/** Short, and many of them: whatever else the machine does comes and goes within seconds. */
const ROUND_MS = 400;
const WARM_UP = 6;

/** A key set, as verifiers ask for it. */
export const bench: Bench = {
  name: 'jwks',
  takesSeconds: 21,
  takesQuickly: 9,
  sharesStack: true,
  async run(benches) {
    const world = await benches.commonStack();
    await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
    const holds = () => world.query(`SELECT FROM ring.lease WHERE kind = 'gateway' AND epochs ? $1`, [world.domain]);
    await eventually(async () => (await holds()).length === 1, { describe: 'the gateway serving the Domain' });
    const path = routePath('jwks', { scope: world.domain });
    const [gateway = ''] = world.gatewayUrls;
    const bare = benches.peer('bare-http.mjs');
    const others = await bare.ask<string>(await answerOf(`${gateway}${path}`));
    const request = (): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
    const pids = { gateway: world.stack.services('gateway')[0]?.pid, bare: bare.pid };
    const ask = async (url: string, server: keyof typeof pids) => {
      const cpu = benches.cpuOf({ server: pids[server], client: process.pid });
      const { perSecond, count, statuses } = await httpLoad({ url, connections: CONNECTIONS, request, ms: ROUND_MS });
      if (Object.keys(statuses).join() !== '200') throw new Error(`answers were ${JSON.stringify(statuses)}`);
      return { perSecond, count, cpu: cpu.seconds() };
    };
    const contestants = { ours: () => ask(gateway, 'gateway'), peer: () => ask(others, 'bare') };
    // Until both are compiled, and their young heaps as large as they get.
    for (let round = 0; round < WARM_UP; round++) await contestants[round % 2 === 0 ? 'ours' : 'peer']();
    const { ours, peer } = await benches.rounds(contestants, { full: 21, quick: 5 });
    const against_what = `bare node:http that serves the same bytes and headers to everybody, ${CONNECTIONS} connections`;
    const cpu = {
      ...total(ours.map((round) => round.cpu)),
      'server (peer)': total(peer.map((round) => round.cpu))['server'] ?? NaN,
    };
    const beside = { 'read from the database': await readings(gateway) };
    const rates = [ours, peer].map((rounds) => rounds.map(({ perSecond }) => perSecond));
    const costs = [ours, peer].map((rounds) =>
      rounds.map((round) => (1_000_000 * (round.cpu['server'] ?? NaN)) / round.count),
    );
    const told = { name: 'jwks', unit: 'per s', better: 'higher', reach: 0.8, against_what } as const;
    const toldOfCpu = { name: 'jwks cpu', unit: 'µs of CPU each', better: 'lower', reach: null, against_what } as const;
    return [
      compared({ ...told, cpu, beside }, rates[0] ?? [], rates[1] ?? []),
      compared(toldOfCpu, costs[0] ?? [], costs[1] ?? []),
    ];
  },
};

/** How often it had not the set at hand. */
async function readings(gateway: string): Promise<number> {
  const metrics = await (await fetch(`${gateway}/metrics`)).text();
  return Number(/key_sets_total{from="database"} (\d+)/.exec(metrics)?.[1]);
}

/** The bytes that the gateway serves, and its headers but for those that node:http makes itself. */
async function answerOf(url: string): Promise<{ text: string; headers: Record<string, string> }> {
  const answer = await fetch(url);
  const headers = Object.fromEntries(answer.headers);
  for (const name of ['date', 'connection', 'keep-alive']) delete headers[name];
  return { text: await answer.text(), headers };
}
