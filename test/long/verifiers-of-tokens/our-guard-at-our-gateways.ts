import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { throughTimeOuts } from '@plexsphere/jwks-clients';
import { TokenRefused, type Times } from '@plexsphere/jwt-guard';
import { eventually } from '@plexsphere/testkit';
import { makeClientKey } from '../../src/client-key';
import { startGuard } from '../../src/guard-verifier';
import { IssuerLife } from '../../src/issuer-life';
import type { Step } from '../../src/tell-story';
import { WayToAGateway } from '../../src/way-to-a-gateway';

const SOON = { pollEveryMs: 500, refetchAfterMs: 200 };
const SERVES_MS = 10_000;
const MADE_UP = 50;

export const step: Step = async (world) => {
  const life = await IssuerLife.begin(world, 'guarded', { longestSeconds: 600 });
  const good = (await life.token(life.bases[0] ?? '')).text;
  for (const part of [pollsWithAnETag, isNotMadeToAsk, failsClosedWhereItIsAwayForTooLong]) await part(life, good);
};

async function start(life: IssuerLife, times: Partial<Times> = {}) {
  const { origin, pathname } = new URL(life.bases[0] ?? '');
  const way = await WayToAGateway.open(life.world, origin);
  const started = startGuard(life.world, life.trustAt(`${way.url}${pathname}`), times);
  await started.guard.ready();
  return { way, ...started };
}

const reasonOf = (error: unknown): string => (error instanceof TokenRefused ? error.reason : String(error));

async function pollsWithAnETag(life: IssuerLife, good: string): Promise<void> {
  const { way, guard } = await start(life, SOON);
  const unchanged = () => way.passed.filter(({ status }) => status === 304).length;
  await eventually(() => unchanged() >= 3, { describe: 'answers without a body' });
  await guard.verify(good);
  const before = unchanged();
  const rotated = await life.rotate();
  await eventually(() => way.passed.filter(({ status }) => status === 200).length >= 2, { describe: 'the new set' });
  await eventually(() => unchanged() > before, { describe: 'that to be confirmed' });
  guard.stop();
  expect(way.passed[0]).toEqual({ status: 200, ifNoneMatch: undefined });
  expect(way.passed.slice(1).every(({ ifNoneMatch }) => ifNoneMatch !== undefined)).toBe(true);
  await guard.verify((await life.token(life.bases[1] ?? '')).text);
  await life.close(rotated, true);
}

/** With the times that it comes with: one request in five seconds, whatever tokens name. */
async function isNotMadeToAsk(life: IssuerLife): Promise<void> {
  const began = performance.now();
  const { way, guard, verify: once } = await start(life);
  const verify = throughTimeOuts(once);
  const key = await makeClientKey('thief');
  const { issuer, audience } = life.trustAt('');
  const madeUp = () => key.assertion('billing', audience, { iss: issuer }, { kid: randomUUID(), typ: 'at+jwt' });
  const good = (await life.token(life.bases[0] ?? '')).text;
  // Until it was made to ask at least once.
  while (way.passed.length < 2) {
    const tokens = await Promise.all(Array.from({ length: MADE_UP }, madeUp));
    const verdicts = Promise.all(tokens.map((token) => verify(token).then(() => 'none', reasonOf)));
    await verify(good);
    expect(new Set(await verdicts)).toEqual(new Set(['unknown_key']));
    await delay(500);
  }
  guard.stop();
  expect(way.passed.length).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - began) / 5_000));
}

async function failsClosedWhereItIsAwayForTooLong(life: IssuerLife): Promise<void> {
  const { way, guard } = await start(life, { ...SOON, serveUnconfirmedMs: SERVES_MS });
  const good = (await life.token(life.bases[0] ?? '')).text;
  await way.cut();
  const since = performance.now();
  const taken: number[] = [];
  let refused: unknown;
  while (refused === undefined) {
    const began = performance.now();
    await guard.verify(good).then(
      () => taken.push(began - since),
      (error: unknown) => (refused = error),
    );
    await delay(50);
  }
  expect(taken.length).toBeGreaterThan(0);
  expect(Math.max(...taken)).toBeLessThanOrEqual(SERVES_MS);
  expect(refused).toMatchObject({ reason: 'keys_unavailable', status: 503, headers: { 'retry-after': '1' } });
  await way.open();
  await eventually(() => guard.verify(good), { describe: 'the return of the gateway' });
}
