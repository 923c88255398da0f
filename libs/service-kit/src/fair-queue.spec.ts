import { setImmediate as turn } from 'node:timers/promises';
import { FairQueue, type Limits, type Work } from './fair-queue';

const limits: Limits = { atOnce: 1, perAsker: 1, perLane: 1, waiting: 1_000, waitingBytes: 1e9, givesWay: 'newest' };

interface Job extends Work {
  name: string;
  end: () => void;
}

/** Work that ends when the spec says so. */
class Jobs {
  readonly begun: string[] = [];
  readonly underWay: Job[] = [];

  make(name: string, { lane = '', bytes = 1 } = {}): Job {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const job: Job = {
      name,
      asker: name.split('-')[0] ?? '',
      bytes,
      lane: () => lane,
      end,
      run: () => {
        this.begun.push(name);
        this.underWay.push(job);
        return ended;
      },
    };
    return job;
  }

  /** Ends what has been under way for the longest. */
  async endOne(): Promise<void> {
    this.underWay.shift()?.end();
    await turn();
    await turn();
  }
}

const names = (asker: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${asker}-${n}`);

describe('S2: a queue with a place for each asker', () => {
  let jobs: Jobs;
  beforeEach(() => (jobs = new Jobs()));

  it('begins another’s first after at most one of a hundred that wait', async () => {
    const queue = new FairQueue<Job>(limits);
    for (const name of names('hog', 100)) queue.enter(jobs.make(name));
    await turn();
    expect(jobs.begun).toEqual(['hog-0']);
    queue.enter(jobs.make('other-0'));
    await jobs.endOne();
    expect(jobs.begun).toEqual(['hog-0', 'other-0']);
  });

  it('does so too while the asker has room for more of their own', async () => {
    const queue = new FairQueue<Job>({ ...limits, perAsker: 50, perLane: 50 });
    for (const name of names('hog', 100)) queue.enter(jobs.make(name));
    await turn();
    for (const asker of ['a', 'b', 'c']) queue.enter(jobs.make(`${asker}-0`));
    for (let n = 0; n < 4; n++) await jobs.endOne();
    expect(jobs.begun).toEqual(['hog-0', 'a-0', 'b-0', 'c-0', 'hog-1']);
  });

  it('takes turns between askers of whom all have something under way', async () => {
    const queue = new FairQueue<Job>({ ...limits, atOnce: 2, perAsker: 2, perLane: 2 });
    for (const asker of ['a', 'b']) for (const name of names(asker, 3)) queue.enter(jobs.make(name));
    await turn();
    for (let n = 0; n < 4; n++) await jobs.endOne();
    expect(jobs.begun).toEqual(['a-0', 'b-0', 'a-1', 'b-1', 'a-2', 'b-2']);
  });

  it('begins no more of one asker than they may have, and of all than all may', async () => {
    const queue = new FairQueue<Job>({ ...limits, atOnce: 5, perAsker: 2, perLane: 2 });
    for (const asker of ['a', 'b', 'c']) for (const name of names(asker, 9)) queue.enter(jobs.make(name));
    await turn();
    expect(jobs.underWay.map(({ asker }) => asker)).toEqual(['a', 'b', 'c', 'a', 'b']);
  });

  it('lets no lane of an asker hold up another of theirs', async () => {
    const queue = new FairQueue<Job>({ ...limits, atOnce: 10, perAsker: 4, perLane: 2 });
    for (const name of names('op', 50)) queue.enter(jobs.make(name, { lane: 'locked' }));
    await turn();
    expect(jobs.begun).toEqual(['op-0', 'op-1']);
    queue.enter(jobs.make('op-free', { lane: 'free' }));
    await turn();
    expect(jobs.begun.at(-1)).toBe('op-free');
  });

  it('says who is held back, and by themselves alone', () => {
    const queue = new FairQueue<Job>({ ...limits, atOnce: 1, perAsker: 2, perLane: 2 });
    expect(names('hog', 4).map((name) => queue.enter(jobs.make(name)).heldBack)).toEqual([false, false, true, true]);
    expect(queue.enter(jobs.make('other-0')).heldBack).toBe(false);
  });

  it('has room for so many requests of an asker, and the next finds none', async () => {
    const queue = new FairQueue<Job>({ ...limits, waiting: 3 });
    const entered = names('hog', 5).map((name) => queue.enter(jobs.make(name)).displaced?.name);
    expect(entered).toEqual([undefined, undefined, undefined, 'hog-3', 'hog-4']);
    expect(queue.enter(jobs.make('other-0')).displaced).toBeUndefined();
    await turn();
    for (let n = 0; n < 4; n++) await jobs.endOne();
    expect(jobs.begun).toEqual(['hog-0', 'other-0', 'hog-1', 'hog-2']);
  });

  it('has room for so many bytes of an asker, and for one request of any size', () => {
    const queue = new FairQueue<Job>({ ...limits, waitingBytes: 10 });
    expect(queue.enter(jobs.make('hog-0', { bytes: 50 })).displaced).toBeUndefined();
    expect(queue.enter(jobs.make('hog-1', { bytes: 1 })).displaced?.name).toBe('hog-1');
  });

  it('drops the oldest where the newest says it all', async () => {
    const queue = new FairQueue<Job>({ ...limits, waiting: 2, givesWay: 'oldest' });
    const dropped = names('node', 5).map((name) => queue.enter(jobs.make(name)).displaced?.name);
    expect(dropped).toEqual([undefined, undefined, 'node-0', 'node-1', 'node-2']);
    await turn();
    await jobs.endOne();
    expect(jobs.begun).toEqual(['node-3', 'node-4']);
  });

  it('looks into nothing that it has no room for', () => {
    const queue = new FairQueue<Job>({ ...limits, waiting: 1 });
    queue.enter(jobs.make('hog-0'));
    const unread = { ...jobs.make('hog-1'), lane: jest.fn<string, []>() };
    queue.enter(unread);
    expect(unread.lane).not.toHaveBeenCalled();
  });

  it('is idle when everything that was taken has ended, and remembers nobody then', async () => {
    const queue = new FairQueue<Job>({ ...limits, atOnce: 3 });
    await queue.idle();
    for (const name of [...names('a', 2), ...names('b', 2)]) queue.enter(jobs.make(name));
    let idle = false;
    const ended = queue.idle().then(() => (idle = true));
    await turn();
    for (let n = 0; n < 3; n++) await jobs.endOne();
    expect(idle).toBe(false);
    await jobs.endOne();
    await ended;
    expect(jobs.begun).toHaveLength(4);
    expect(Object.values(queue).flatMap((kept: unknown) => (kept instanceof Map ? [...kept.keys()] : []))).toEqual([]);
  });

  it('takes the same turns where work is done at once', async () => {
    const queue = new FairQueue<Work>(limits);
    const begun: string[] = [];
    const enter = (name: string): unknown =>
      queue.enter({ asker: name.split('-')[0] ?? '', bytes: 1, lane: () => '', run: () => void begun.push(name) });
    for (const name of [...names('hog', 100), ...names('other', 2)]) enter(name);
    await queue.idle();
    expect(begun.slice(0, 5)).toEqual(['hog-0', 'other-0', 'hog-1', 'other-1', 'hog-2']);
    expect(begun).toHaveLength(102);
    // What comes later is begun as well, and nobody is remembered.
    enter('late-0');
    await queue.idle();
    expect(begun.at(-1)).toBe('late-0');
    expect(Object.values(queue).flatMap((kept: unknown) => (kept instanceof Map ? [...kept.keys()] : []))).toEqual([]);
  });

  it('gives way to the event loop while much is begun', async () => {
    const queue = new FairQueue<Work>({ ...limits, atOnce: 1_000, perAsker: 1_000, perLane: 1_000 });
    const busy = (): Promise<void> => {
      const endsAt = performance.now() + 2;
      while (performance.now() < endsAt);
      return Promise.resolve();
    };
    let begun = 0;
    for (let n = 0; n < 100; n++) queue.enter({ asker: 'hog', bytes: 1, lane: () => '', run: () => (begun++, busy()) });
    await new Promise((resolve) => setTimeout(resolve, 0));
    await turn();
    expect(begun).toBeLessThan(50);
    await queue.idle();
    expect(begun).toBe(100);
  });
});
