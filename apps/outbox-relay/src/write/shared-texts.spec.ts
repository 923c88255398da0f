import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SharedTexts } from './shared-texts';

/** What nothing refers to any more is gone after it. */
const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

describe('SharedTexts', () => {
  let made = 0;
  const make = () => Promise.resolve(`text-${++made}`);
  const texts = () => new SharedTexts<string>(({ length }) => length);

  beforeEach(() => {
    // A turn of the real event loop is real.
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    made = 0;
  });
  afterEach(() => jest.useRealTimers());

  it('serves many Nodes with one text, each Node once', async () => {
    const shared = texts();
    const all = await Promise.all(['a', 'b', 'c'].map((node) => shared.of('k', make, node)));
    expect(new Set(all)).toEqual(new Set(['text-1']));
    await expect(shared.of('k', make, 'b')).resolves.toBe('text-2');
    await expect(shared.of('k', make, 'd')).resolves.toBe('text-2');
    await expect(shared.of('other', make, 'a')).resolves.toBe('text-3');
  });

  it('keeps a text for a minute at most', async () => {
    const shared = texts();
    await shared.of('k', make, 'a');
    jest.advanceTimersByTime(59_999);
    await expect(shared.of('k', make, 'b')).resolves.toBe('text-1');
    jest.advanceTimersByTime(1);
    await expect(shared.of('k', make, 'c')).resolves.toBe('text-2');
  });

  it('gives what has no nonce to everybody, any number of times', async () => {
    const shared = texts();
    await shared.of('k', make);
    await expect(shared.of('k', make)).resolves.toBe('text-1');
  });

  it('does not keep a failure', async () => {
    const shared = texts();
    const fail = () => Promise.reject(new Error('no signer'));
    const both = [shared.of('k', fail, 'a'), shared.of('k', make, 'b')];
    await expect(Promise.allSettled(both)).resolves.toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    await expect(shared.of('k', make, 'a')).resolves.toBe('text-1');
  });

  it('keeps no more than 32 Mi characters, the latest ones', async () => {
    const shared = texts();
    const large = () => Promise.resolve(`${++made}`.padEnd(12 * 1_048_576));
    for (const key of ['a', 'b', 'c']) await shared.of(key, large);
    await shared.of('c', large);
    expect(made).toBe(3);
    await shared.of('a', large);
    expect(made).toBe(4);
  });

  it('F3: a new text costs the same, however many there were in the last minute: nothing looks through them', async () => {
    const shared = texts();
    for (let i = 0; i < 100; i++) await shared.of(`${i}`, make, 'node');
    jest.advanceTimersByTime(30_000);
    const walks = [
      jest.spyOn(Map.prototype, Symbol.iterator),
      jest.spyOn(Map.prototype, 'entries'),
      jest.spyOn(Map.prototype, 'keys'),
      jest.spyOn(Map.prototype, 'values'),
      jest.spyOn(Map.prototype, 'forEach'),
    ];
    for (let i = 100; i < 200; i++) await shared.of(`${i}`, make, 'node');
    const walked = walks.map((walk) => walk.mock.calls.length);
    jest.restoreAllMocks();
    expect(walked).toEqual([0, 0, 0, 0, 0]);
    expect(made).toBe(200);
  });

  it('F3: gives the memory back, also where nobody comes any more', async () => {
    const shared = new SharedTexts<{ text: string }>(({ text }) => text.length);
    const kept = new WeakRef(await shared.of('k', () => Promise.resolve({ text: 'text' }), 'a'));
    const isKept = async (): Promise<boolean> => {
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
      return kept.deref() !== undefined;
    };
    jest.advanceTimersByTime(59_999);
    await expect(isKept()).resolves.toBe(true);
    jest.advanceTimersByTime(60_001);
    await expect(isKept()).resolves.toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });
});
