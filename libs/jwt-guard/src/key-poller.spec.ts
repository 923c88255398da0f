import { TestIssuer } from '../testing/test-issuer';
import { testKey, type TestKey } from '../testing/test-key';
import { fakeTime, until } from '../testing/turns';
import { KeyPoller } from './key-poller';
import type { FetchReport } from './reports';
import { DEFAULT_TIMES } from './times';

const NOW = new Date('2026-03-01T12:00:00Z');
const SECOND = 1_000;

let issuer: TestIssuer;
let poller: KeyPoller;
let reports: FetchReport[];
let [k1, k2]: TestKey[] = [];

beforeAll(async () => ([k1, k2] = await Promise.all([testKey('k1'), testKey('k2')])));
beforeEach(async () => {
  issuer = await TestIssuer.start(k1!);
  fakeTime(NOW);
  chance(0);
  reports = [];
  poller = new KeyPoller({ jwksUrl: new URL(issuer.jwksUri), ca: undefined, times: DEFAULT_TIMES }, (report) =>
    reports.push(report),
  );
});
afterEach(async () => {
  poller.stop();
  jest.useRealTimers();
  jest.restoreAllMocks();
  await issuer.close();
});

const chance = (random: number) => jest.spyOn(Math, 'random').mockReturnValue(random);

/** Until there are that many reports. */
const told = (count: number) => until(() => reports.length >= count, `report ${count}`);

async function started(): Promise<void> {
  poller.start();
  await told(1);
}

/** The time goes on without anything that waits for it: a machine, or a process, that stood still. */
const standStill = (ms: number): void => {
  jest.setSystemTime(Date.now() + ms);
};

const pass = (ms: number): void => void jest.advanceTimersByTime(ms);

const kids = async (): Promise<string[] | undefined> => {
  const keys = await poller.current();
  const { jwks } = (keys?.keyOf ?? {}) as { jwks?: () => { keys: { kid: string }[] } };
  return jwks?.().keys.map(({ kid }) => kid);
};

describe('by the clock', () => {
  it.each([
    ['never chance', 0, 25 * SECOND],
    ['half of it', 0.5, 22.5 * SECOND],
    ['all of it', 0.999_999, 20 * SECOND],
  ])('asks again, less %s of a fifth', async (_, random, ms) => {
    chance(random);
    await started();
    for (const count of [2, 3, 4]) {
      pass(ms - 1);
      expect(issuer.asked).toHaveLength(count - 1);
      pass(1 + 1);
      await told(count);
      expect(issuer.asked).toHaveLength(count);
    }
  });

  it('counts from the beginning of a fetch, however long that takes', async () => {
    await started();
    let answer: (() => void) | undefined;
    issuer.answers = (_, response) => void (answer = () => response.end(issuer.text));
    pass(25 * SECOND);
    await until(() => answer !== undefined, 'the second fetch');
    pass(4 * SECOND);
    answer!();
    await told(2);
    pass(21 * SECOND - 1);
    expect(issuer.asked).toHaveLength(2);
    pass(1);
    await until(() => issuer.asked.length === 3, 'the third fetch');
  });

  it('goes by no key for longer than thirty seconds after it was thrown out, also where answers take their time', async () => {
    const answers: (() => void)[] = [];
    issuer.answers = (_, response) => {
      // What the issuer has to say when it is asked, told as late as it may.
      const { text } = issuer;
      answers.push(() => response.end(text));
    };
    const answered = async (count: number): Promise<void> => {
      await until(() => answers.length === count, `fetch ${count}`);
      pass(4_900);
      answers.at(-1)!();
      await told(count);
    };
    poller.start();
    await answered(1);
    pass(25 * SECOND - 4_900);
    await until(() => answers.length === 2, 'the second fetch');
    issuer.publish(k2!);
    const thrownOut = Date.now();
    await answered(2);
    pass(25 * SECOND - 4_900);
    await until(() => answers.length === 3, 'the third fetch');
    expect([Date.now() - thrownOut, await kids()]).toEqual([25 * SECOND, ['k1']]);
    await answered(3);
    expect([Date.now() - thrownOut, await kids()]).toEqual([29_900, ['k2']]);
  });

  it('sends the ETag of what it has, past every cache', async () => {
    await started();
    pass(25 * SECOND);
    await told(2);
    issuer.publish(k2!);
    pass(25 * SECOND);
    await told(3);
    pass(25 * SECOND);
    await told(4);
    expect(reports.map(({ result }) => result)).toEqual(['changed', 'unchanged', 'changed', 'unchanged']);
    const [first, second, third, fourth] = issuer.asked.map((headers) => headers['if-none-match']);
    expect([first, second === third, third === fourth]).toEqual([undefined, true, false]);
    expect(issuer.asked.map((headers) => headers['cache-control'])).toEqual(Array(4).fill('no-cache'));
  });

  it('knows the same keys where there are no ETags', async () => {
    issuer.answers = (_, response) => void response.end(issuer.text);
    await started();
    const keys = await poller.current();
    pass(25 * SECOND);
    await told(2);
    expect([reports.at(-1), (await poller.current()) === keys]).toEqual([{ result: 'unchanged' }, true]);
  });

  it('asks soon after a failure, and then less often, until the issuer is back', async () => {
    await started();
    issuer.answers = (_, response) => void response.writeHead(502).end();
    pass(25 * SECOND);
    await told(2);
    for (const [index, pauseMs] of [5, 10, 20, 25, 25].map((seconds) => seconds * SECOND).entries()) {
      pass(pauseMs - 1);
      expect(reports).toHaveLength(index + 2);
      pass(1);
      await told(index + 3);
    }
    expect(reports.at(-1)).toEqual({ result: 'failed', reason: 'status', detail: '502' });
    expect(poller.isCutOff).toBe(true);
    issuer.answers = undefined;
    pass(25 * SECOND);
    await told(8);
    expect([reports.at(-1), poller.isCutOff]).toEqual([{ result: 'unchanged' }, false]);
  });

  it('asks no more once it was stopped, and what it has serves on', async () => {
    await started();
    poller.stop();
    pass(10 * 60 * SECOND);
    expect([issuer.asked.length, await kids()]).toEqual([1, ['k1']]);
    pass(6 * 60 * SECOND);
    expect([issuer.asked.length, await kids()]).toEqual([1, undefined]);
  });

  it('is not told of a fetch that was under way when it was stopped', async () => {
    issuer.answers = () => undefined;
    poller.start();
    await until(() => issuer.asked.length === 1, 'the first fetch');
    const waiting = poller.current();
    poller.stop();
    expect([await waiting, reports]).toEqual([undefined, []]);
  });
});

describe('who asks', () => {
  it('waits for the first keys', async () => {
    let answer: (() => void) | undefined;
    issuer.answers = (_, response) => void (answer = () => response.end(issuer.text));
    poller.start();
    const waiting = Promise.all([kids(), kids(), poller.ready]);
    await until(() => answer !== undefined, 'the first fetch');
    answer!();
    expect(await waiting).toEqual([['k1'], ['k1'], undefined]);
    expect(issuer.asked).toHaveLength(1);
  });

  it('is told at once that there are none, while the issuer was never there', async () => {
    issuer.answers = (_, response) => void response.writeHead(503).end();
    await started();
    expect(await Promise.all([kids(), kids()])).toEqual([undefined, undefined]);
    expect(issuer.asked).toHaveLength(1);
  });

  it('has one fetch in five seconds made for a key that is not there, however many ask', async () => {
    await started();
    const flood = () => Promise.all(Array.from({ length: 1_000 }, () => poller.refetch()));
    for (let second = 0; second < 20; second += 1) {
      await flood();
      pass(SECOND);
    }
    // At 0 s the first of all; by the flood at 6, 12 and 18 s.
    expect(issuer.asked).toHaveLength(4);
  });

  it('goes by the last word for fifteen minutes while the issuer is away, and no longer', async () => {
    await started();
    const back = await issuer.goAway();
    for (let second = 0; second < 15 * 60; second += 5) {
      expect(await kids()).toEqual(['k1']);
      pass(5 * SECOND);
      await until(() => poller['underWay'] === undefined, 'the end of a fetch');
    }
    expect(await kids()).toEqual(['k1']);
    pass(1);
    expect(await kids()).toBeUndefined();
    expect(new Set(reports.slice(1).map(({ result }) => result))).toEqual(new Set(['failed']));

    await back();
    pass(5 * SECOND + 1);
    expect(await kids()).toEqual(['k1']);
  });

  it('counts the fifteen minutes from when the issuer was asked, not from when it answered', async () => {
    let answer: (() => void) | undefined;
    issuer.answers = (_, response) => void (answer = () => response.end(issuer.text));
    poller.start();
    await until(() => answer !== undefined, 'the first fetch');
    pass(4 * SECOND);
    answer!();
    await told(1);
    poller.stop();
    pass(15 * 60 * SECOND - 4 * SECOND);
    expect(await kids()).toEqual(['k1']);
    pass(1);
    expect(await kids()).toBeUndefined();
  });

  it('after a standstill waits for the issuer’s word of today', async () => {
    await started();
    issuer.publish(k2!);
    standStill(29 * SECOND);
    expect(await kids()).toEqual(['k1']);
    standStill(2 * SECOND);
    expect(await kids()).toEqual(['k2']);
  });

  it('counts a standstill from when the issuer was asked, not from when it answered', async () => {
    let answer: (() => void) | undefined;
    const { text } = issuer;
    issuer.answers = (_, response) => void (answer = () => response.end(text));
    poller.start();
    await until(() => answer !== undefined, 'the first fetch');
    pass(4 * SECOND);
    answer!();
    await told(1);
    issuer.answers = undefined;
    issuer.publish(k2!);
    standStill(26 * SECOND + 1);
    expect(await kids()).toEqual(['k2']);
  });

  it('after a standstill goes by the last word where the issuer is away', async () => {
    await started();
    const back = await issuer.goAway();
    standStill(60 * SECOND);
    expect(await kids()).toEqual(['k1']);
    expect(reports.at(-1)).toMatchObject({ result: 'failed', reason: 'unreachable' });
    standStill(15 * 60 * SECOND);
    expect(await kids()).toBeUndefined();
    await back();
  });

  it('is not kept waiting by a clock that was set back, and its keys grow no younger', async () => {
    await started();
    await issuer.goAway().then((back) => back());
    jest.setSystemTime(NOW.getTime() - 3_600 * SECOND);
    expect(await kids()).toEqual(['k1']);
    poller.stop();
    pass(15 * 60 * SECOND + 1);
    expect(await kids()).toBeUndefined();
  });
});

describe('the issuer’s word', () => {
  const next = async (count: number): Promise<FetchReport | undefined> => {
    pass(25 * SECOND);
    await told(count);
    return reports.at(-1);
  };

  it('that it vouches for no key is one: nothing of before is gone by', async () => {
    await started();
    issuer.publish();
    expect([await next(2), await kids()]).toEqual([{ result: 'changed' }, []]);
  });

  it.each([
    ['malformed', () => (issuer.text = '<html>Sign in to this network</html>')],
    ['malformed', () => (issuer.text = '{}')],
    ['malformed', () => (issuer.text = JSON.stringify({ keys: Array.from({ length: 101 }, () => k2!.jwk) }))],
    [
      'too_large',
      () => issuer.publish(...Array.from({ length: 10_000 }, (_, n) => ({ jwk: { ...k2!.jwk, kid: `${n}` } }))),
    ],
  ])('is none where it is %s: that of before stands', async (reason, spoil) => {
    await started();
    const good = issuer.text;
    spoil();
    expect([await next(2), await kids()]).toEqual([{ result: 'failed', reason, detail: expect.any(String) }, ['k1']]);
    issuer.text = good;
    pass(5 * SECOND);
    await told(3);
    expect(reports.at(-1)).toEqual({ result: 'unchanged' });
  });

  it('may hang, and costs five seconds of nobody’s', async () => {
    await started();
    issuer.answers = () => undefined;
    pass(25 * SECOND);
    await until(() => issuer.asked.length === 2, 'the second fetch');
    expect(await kids()).toEqual(['k1']);
    pass(5 * SECOND);
    await told(2);
    expect(reports.at(-1)).toMatchObject({ result: 'failed', reason: 'timeout' });
    expect(await kids()).toEqual(['k1']);
  });

  it('is as old as a cache says that it is', async () => {
    await started();
    issuer.headers = { age: '10' };
    expect(await next(2)).toEqual({ result: 'unchanged' });
    poller.stop();
    pass(15 * 60 * SECOND - 10 * SECOND);
    expect(await kids()).toEqual(['k1']);
    pass(1);
    expect(await kids()).toBeUndefined();
  });

  it('that a cache has kept for too long is none: it could bring a key back', async () => {
    const before = issuer.text;
    await started();
    issuer.publish(k2!);
    await next(2);
    expect(await kids()).toEqual(['k2']);
    issuer.text = before;
    issuer.headers = { age: '50' };
    expect(await next(3)).toEqual({ result: 'failed', reason: 'held_by_cache', detail: '' });
    expect(await kids()).toEqual(['k2']);
  });

  it('that is too old to go by from the beginning is none', async () => {
    issuer.headers = { age: '901' };
    await started();
    expect(reports).toEqual([{ result: 'failed', reason: 'held_by_cache', detail: '' }]);
    expect(await kids()).toBeUndefined();
  });

  it('goes on being asked for where an observer throws', async () => {
    poller.stop();
    const settings = { jwksUrl: new URL(issuer.jwksUri), ca: undefined, times: DEFAULT_TIMES };
    poller = new KeyPoller(settings, (report) => {
      reports.push(report);
      throw new Error('a counter of that name has no such label');
    });
    await started();
    expect([await next(2), await kids()]).toEqual([{ result: 'unchanged' }, ['k1']]);
  });
});
