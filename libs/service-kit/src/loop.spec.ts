import { Loop, type LoopOptions } from './loop';

const lines: unknown[] = [];
const logger = { warn: (fields: { err: Error }, text: string) => void lines.push([text, fields.err.message]) };

let turns = 0;
let loop: Loop;
const start = (options: Partial<LoopOptions> = {}, afterMs?: number): void => {
  const turn = () => Promise.resolve(void turns++);
  loop = new Loop({ turn, everyMs: 1_000, failure: 'no turn', logger: logger as never, ...options });
  loop.start(afterMs);
};
const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
  turns = 0;
  lines.length = 0;
});
afterEach(async () => {
  await loop.stop();
  jest.useRealTimers();
});

it('turns at once, or after the pause that it is started with, and at each interval', async () => {
  start({}, 300);
  await pass(299);
  expect(turns).toBe(0);
  await pass(1);
  expect(turns).toBe(1);
  await pass(3_000);
  expect(turns).toBe(4);
  await loop.stop();
  start();
  await pass(0);
  expect(turns).toBe(5);
});

it('pauses for as long as a turn says, and not at all where it says 0', async () => {
  const pauses = [0, 0, 50];
  start({ turn: () => Promise.resolve(pauses[turns++]) });
  await pass(0);
  expect(turns).toBe(3);
  await pass(50);
  expect(turns).toBe(4);
});

it('turns when it is woken, once for all who wake it together', async () => {
  start({ gatherMs: () => 20 });
  await pass(0);
  for (let i = 0; i < 5; i++) loop.wake();
  await pass(10);
  loop.wake();
  expect(turns).toBe(1);
  await pass(10);
  expect(turns).toBe(2);
  await pass(999);
  expect(turns).toBe(2);
});

it('turns once more where it is woken in a turn, which may have looked before', async () => {
  let finish: () => void = () => undefined;
  start({ turn: () => new Promise((resolve) => ((turns += 1), (finish = resolve))) });
  await pass(0);
  loop.wake();
  await pass(5_000);
  expect(turns).toBe(1);
  finish();
  await pass(0);
  expect(turns).toBe(2);
  finish();
  await pass(999);
  expect(turns).toBe(2);
  finish();
});

it('goes on after a turn that failed, when its pause is over, and tells of it once a while', async () => {
  start({ turn: () => Promise.reject(new Error(`away ${turns++ < 100 ? 'long' : ''}`)), afterFailureMs: 200 });
  await pass(0);
  loop.wake();
  await pass(199);
  expect(turns).toBe(1);
  await pass(1);
  expect(turns).toBe(2);
  await pass(1_000);
  expect(turns).toBe(7);
  expect(lines).toEqual([['no turn', 'away long']]);
});

it('is stopped when the turn under way has ended, which is told', async () => {
  let ended = false;
  start({
    turn: (stopping) =>
      new Promise((resolve) => {
        stopping.addEventListener('abort', () => setTimeout(() => resolve(((ended = true), undefined)), 100));
      }),
  });
  await pass(0);
  const stopped = loop.stop().then(() => ended);
  await pass(100);
  expect(await stopped).toBe(true);
  loop.wake();
  await pass(5_000);
  expect(turns).toBe(0);
});

it.each([
  ['in a pause', 10],
  ['while it gathers', 1_000],
])('stops at once %s', async (_, ms) => {
  start({ gatherMs: () => 500 });
  await pass(ms);
  loop.wake();
  const before = turns;
  await loop.stop();
  expect(turns).toBe(before);
  expect(jest.getTimerCount()).toBe(0);
});
