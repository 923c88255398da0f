import { setTimeout as delay } from 'node:timers/promises';
import { keyOf, promote } from '../../src/promote';
import {
  AUDIENCE,
  basic,
  makeClient,
  makeIssuer,
  tokenOf,
  type TestClient,
  type TestIssuer,
} from '../../src/oauth-hands';
import type { World } from '../../src/world';
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { tookBetween } from '../src/bus-load';
import { total } from '../src/cpu';
import { httpLoad, type HttpAnswered } from '../src/http-load';
import { compared, limited, quantile, type Row } from '../src/row';

const CLIENTS = 20;
const LIFE_S = 300;
/** So that a standby may sign a moment after it was published. */
const ROTATION = { PLEXSPHERE_LEASE: '4s', PLEXSPHERE_VERIFIER_CACHE: '1s' };
const BEFORE_MS = 2_000;
const AFTER_MS = 3_000;
const FORM = 'grant_type=client_credentials';

/** ES256 tokens through a gateway, in the usual way of machines (RFC 6749, section 4.4), and while the key changes. */
export const bench: Bench = {
  name: 'tokens',
  takesSeconds: 34,
  async run(benches) {
    const one = { rotations: 1, signers: 1, relays: 1, gateways: 1 };
    const world = await benches.stack({ ...one, env: { rotation: ROTATION } });
    const issuer = await makeIssuer(world, 'load');
    const clients: TestClient[] = [];
    for (let n = 0; n < CLIENTS; n++)
      clients.push(await makeClient(world, issuer, `client-${n}`, { ttl_seconds: LIFE_S }));
    await tokenOf(issuer.url, clients[0]!);
    const peer = benches.peer('bare-tokens.mjs');
    const others = await peer.ask<string>({
      ...{ clients, issuer: issuer.url, audience: AUDIENCE, scope: 'read write', lifeSeconds: LIFE_S },
    });
    const load = (url: string, ms: number): Promise<HttpAnswered> =>
      httpLoad({ url, connections: CLIENTS, request: (index) => tokenRequest(url, clients[index]!), ms });
    const rate = async (url: string, pids: Record<string, number | undefined>) => {
      const cpu = benches.cpuOf(pids);
      const answered = await load(url, 2_000);
      requireAll(answered);
      return { ...answered, cpu: cpu.seconds() };
    };
    const pids = Object.fromEntries(world.stack.processes().map(({ name, pid }) => [name, pid]));
    const contestants = {
      ours: () => rate(issuer.url, { ...pids, client: process.pid }),
      peer: () => rate(`${others}/issuers/load`, { server: peer.pid, client: process.pid }),
    };
    await contestants.ours();
    await contestants.peer();
    const rates = await benches.rounds(contestants, { full: 5 });
    return [...rateRows(rates), ...(await aroundASwitch(benches, world, issuer, load))];
  },
};

function tokenRequest(url: string, client: TestClient): string {
  const { host, pathname } = new URL(url);
  return (
    `POST ${pathname}/oauth2/token HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${basic(client)}\r\n` +
    `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${FORM.length}\r\n\r\n${FORM}`
  );
}

function requireAll({ statuses }: HttpAnswered): void {
  if (Object.keys(statuses).join() !== '200') throw new Error(`answers were ${JSON.stringify(statuses)}`);
}

type Measured = HttpAnswered & { cpu: Record<string, number> };

function rateRows({ ours, peer }: Record<'ours' | 'peer', Measured[]>): Row[] {
  const perSecond = (rounds: Measured[]): number[] => rounds.map((round) => round.perSecond);
  const [cpu, beside] = [total(ours.map((round) => round.cpu)), total(peer.map((round) => round.cpu))];
  const told = { unit: 'per s', better: 'higher' } as const;
  const against_what = `jose in a bare node:http server, its key and ${CLIENTS} clients in memory: no database, no other process, nothing kept; ${CLIENTS} clients, one at a time each`;
  return [
    compared(
      { ...told, name: 'tokens', reach: 0.3, against_what, cpu: { ...cpu, 'server (peer)': beside['server'] ?? NaN } },
      perSecond(ours),
      perSecond(peer),
    ),
    limited({ ...told, name: 'tokens a second', reach: 1_000, against_what: '' }, perSecond(ours)),
  ];
}

/** The standby begins to sign, under load. */
async function aroundASwitch(
  benches: BenchWorld,
  world: World,
  issuer: TestIssuer,
  load: (url: string, ms: number) => Promise<HttpAnswered>,
): Promise<Row[]> {
  await keyOf(world, issuer, 'staged');
  // Asked for once before the load, so that it is not the standby's propagation that the load waits for.
  await propagated(world, issuer);
  const loaded = load(issuer.url, BEFORE_MS + AFTER_MS);
  await delay(BEFORE_MS);
  const askedAt = performance.now();
  const switchedAt = await promote(world, issuer);
  const answered = await loaded;
  const around = tookBetween(answered, askedAt, Math.max(askedAt + 1_000, switchedAt));
  const before = tookBetween(answered, askedAt - 1_000, askedAt);
  const errors = Object.entries(answered.statuses).filter(([status]) => status !== '200');
  for (const [status, times] of errors) benches.note(`around the switch: ${status}, ${times} times`);
  return [
    compared(
      {
        name: 'tokens switch p99',
        unit: 'ms',
        better: 'lower',
        reach: 3,
        against_what: 'the second before the switch',
      },
      [quantile(around, 0.99)],
      [quantile(before, 0.99)],
    ),
    limited({ name: 'tokens switch errors', unit: 'in all', better: 'lower', reach: 0, against_what: '' }, [
      errors.reduce((sum, [, times]) => sum + times, 0),
    ]),
  ];
}

async function propagated(world: World, { scope }: TestIssuer): Promise<void> {
  const operator = await world.operator();
  for (;;) {
    const { keys } = await operator.look<{ keys: { state: string; propagated_at?: string | null }[] }>('issuer.show', {
      scope,
    });
    const at = Date.parse(keys.find(({ state }) => state === 'staged')?.propagated_at ?? '');
    if (!Number.isNaN(at)) return delay(Math.max(0, at - Date.now()) + 50);
    await delay(250);
  }
}
