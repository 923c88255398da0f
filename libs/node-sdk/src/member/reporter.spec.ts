import type { ReportedRing } from '@plexsphere/wire/commands';
import { silent } from '../node-observer';
import { Reporter, unanswered, type ReportAnswer } from './reporter';

const ANSWERED: ReportAnswer = { kind: 'answered', reply: { rings: [] } };
const REFUSED: ReportAnswer = { kind: 'refused', reason: 'signing: unknown member' };

let sent: ReportedRing[][];
let settled: number;
let send: () => Promise<ReportAnswer>;
let isThere: boolean;
let reporter: Reporter;

beforeEach(() => {
  jest.useFakeTimers();
  [sent, settled, isThere] = [[], 0, true];
  send = async () => ANSWERED;
  reporter = new Reporter({
    tell: () => (isThere ? { rings: [], answered: () => void (settled += 1) } : undefined),
    send: (rings) => {
      sent.push(rings);
      return send();
    },
    logger: silent,
  });
});

afterEach(() => {
  reporter.stop();
  jest.useRealTimers();
});

const pass = (ms = 1): Promise<void> => jest.advanceTimersByTimeAsync(ms);

test('says it once, and moves on when it was answered', async () => {
  reporter.wake();
  await pass(600_000);
  expect([sent.length, settled]).toEqual([1, 1]);
});

test('says nothing where there is nothing to say', async () => {
  isThere = false;
  reporter.wake();
  await pass(600_000);
  expect(sent).toEqual([]);
});

test.each<[string, () => Promise<ReportAnswer>]>([
  ['nobody answers', async () => unanswered('no connection')],
  ['it cannot be sent', () => Promise.reject(new Error('closed'))],
])('where %s it is said again, with growing pauses, until it is', async (_, fails) => {
  send = fails;
  reporter.wake();
  await pass(120_000);
  expect(sent.length).toBeGreaterThanOrEqual(8);
  expect(sent.length).toBeLessThanOrEqual(10);
  send = async () => ANSWERED;
  await pass(31_000);
  const once = sent.length;
  await pass(600_000);
  expect([sent.length, settled]).toEqual([once, 1]);
});

test('an answer that never comes is not waited for', async () => {
  send = () => new Promise(() => undefined);
  reporter.wake();
  await pass(10_000);
  send = async () => ANSWERED;
  await pass(1_000);
  expect([sent.length, settled]).toEqual([2, 1]);
});

test('what is refused is not said again, and not moved on from', async () => {
  send = async () => REFUSED;
  reporter.wake();
  await pass(600_000);
  expect([sent.length, settled]).toEqual([1, 0]);
});

test.each([
  ['signing: key unavailable', 2],
  ['signing: wrong proof', 1],
])('a proof that is answered by %s', async (detail, times) => {
  const rings = [{ scope: 'channel:a:b-to-c', epoch: 1, proven: [], refused: [{ key_id: 'key-1', detail }] }];
  send = async () => ({ kind: 'answered', reply: { rings } });
  reporter.wake();
  await pass();
  send = async () => ANSWERED;
  await pass(600_000);
  expect([sent.length, settled]).toEqual([times, times]);
});

test('news end a pause; what is new while one is under way is said after it', async () => {
  send = async () => unanswered('away');
  reporter.wake();
  await pass(60_000);
  const before = sent.length;
  reporter.wake();
  await pass();
  expect(sent.length).toBe(before + 1);
  send = () => new Promise((resolve) => setTimeout(() => resolve(ANSWERED), 1_000));
  reporter.hurryUp();
  await pass();
  expect(sent.length).toBe(before + 2);
  reporter.wake();
  reporter.wake();
  await pass(5_000);
  expect([sent.length, settled]).toEqual([before + 3, 2]);
});

test('somebody who is there to hear it has nothing said twice', async () => {
  reporter.wake();
  await pass();
  reporter.hurryUp();
  await pass(600_000);
  expect(sent).toHaveLength(1);
});

test('after its end nothing is said, whatever was under way', async () => {
  send = async () => unanswered('away');
  reporter.wake();
  await pass();
  reporter.stop();
  reporter.wake();
  await pass(600_000);
  expect(sent).toHaveLength(1);
});
