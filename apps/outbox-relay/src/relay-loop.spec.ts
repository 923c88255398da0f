import 'reflect-metadata';
import { Health, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import type { Claims } from './claim/claims';
import type { ClockWatch } from './clock-watch';
import type { Delivery } from './delivery';
import type { ClaimResults } from './publish/claim-results';
import type { EventStream } from './publish/event-stream';
import { RelayLoop } from './relay-loop';

const logger = { info: jest.fn(), warn: jest.fn() } as unknown as Logger;

let loop: RelayLoop;
let looks: number;
/** What the last look says of when anybody was found. */
let claims: { foundAt: number; hasMore: boolean; take: () => Promise<[]> };

beforeEach(() => {
  jest.useFakeTimers();
  looks = 0;
  claims = { foundAt: performance.now(), hasMore: false, take: async () => ((looks += 1), []) };
  loop = new RelayLoop(
    claims as unknown as Claims,
    {} as Delivery,
    { finish: async () => undefined } as unknown as ClaimResults,
    { usable: true, created: 'then' } as EventStream,
    { isRight: true } as ClockWatch,
    new ThrottledLog(logger),
    logger,
    new Health(),
  );
  loop.onApplicationBootstrap();
});
afterEach(async () => {
  await loop.onModuleDestroy();
  jest.useRealTimers();
});

const looksIn = async (ms: number): Promise<number> => {
  const before = looks;
  await jest.advanceTimersByTimeAsync(ms);
  return looks - before;
};

it('looks once a second where nobody was found and nothing was said for ten seconds', async () => {
  expect(await looksIn(10_000)).toBeGreaterThanOrEqual(40);
  await looksIn(1_000);
  expect(await looksIn(60_000)).toBe(60);
});

it('looks at once when it is woken, and often for as long as a claim of somebody else may last', async () => {
  await looksIn(60_500);
  loop.wake();
  expect(await looksIn(5)).toBe(1);
  expect(await looksIn(5_000)).toBe(20);
});

it('looks often while anybody is found, whoever has claimed them', async () => {
  await looksIn(60_000);
  claims.foundAt = performance.now();
  await looksIn(1_000);
  expect(await looksIn(5_000)).toBe(20);
});
