import { ThrottledLog } from './throttled-log';

const lines: unknown[] = [];
const line = (level: string) => (fields: object, text: string) => void lines.push({ level, text, ...fields });
const throttled = () => new ThrottledLog({ warn: line('warn'), error: line('error') } as never);

beforeEach(() => {
  lines.length = 0;
  jest.useFakeTimers();
});

afterEach(() => jest.useRealTimers());

it('tells a trouble once, and while it lasts each half minute, with how often it came', () => {
  const log = throttled();
  for (let i = 0; i < 50; i++) log.warn({ reason: 'away' }, 'not signed');
  jest.advanceTimersByTime(29_999);
  log.warn({ reason: 'away' }, 'not signed');
  expect(lines).toEqual([{ level: 'warn', text: 'not signed', reason: 'away', times: 1 }]);
  jest.advanceTimersByTime(1);
  log.warn({ reason: 'away' }, 'not signed');
  expect(lines[1]).toEqual({ level: 'warn', text: 'not signed', reason: 'away', times: 51 });
});

it('tells what differs by its fields, or by what it is about', () => {
  const log = throttled();
  for (const node of ['a', 'b', 'a']) log.warn({ node }, 'dropped');
  for (const subject of ['x', 'y']) log.error({ subject }, 'refused', 'alice');
  log.error({ subject: 'x' }, 'refused', 'bob');
  expect(lines).toMatchObject([{ node: 'a' }, { node: 'b' }, { subject: 'x' }, { level: 'error', subject: 'x' }]);
});

it('lets whoever draws names fill neither its memory nor the log', () => {
  const log = throttled();
  for (let n = 0; n < 5_000; n++) log.warn({ holder: n }, 'refused');
  const kept = Object.values(log).find((value: unknown) => value instanceof Map) as Map<unknown, unknown>;
  expect(kept.size).toBe(1_001);
  expect(lines).toHaveLength(1_001);
  log.warn({}, 'another trouble');
  expect(lines[1_001]).toMatchObject({ text: 'another trouble' });
  jest.advanceTimersByTime(30_000);
  log.warn({ holder: 6_000 }, 'refused');
  expect(lines[1_002]).toMatchObject({ text: 'refused', holder: 6_000, times: 4_000 });
  jest.advanceTimersByTime(60_000);
  log.warn({ holder: 7_000 }, 'refused');
  expect(kept.size).toBe(1);
});
