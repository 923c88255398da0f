import { Line } from './line';

interface Gate {
  opened: Promise<void>;
  open: () => void;
}

function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('a line of width one', () => {
  it('lets one in at a time, in order, and elsewhere at once', async () => {
    const line = new Line(1);
    const order: string[] = [];
    const first = gate();
    const one = line.run('a', 'x', async () => {
      await first.opened;
      order.push('a1');
    });
    const two = line.run('a', 'x', async () => void order.push('a2'));
    await line.run('b', 'x', async () => void order.push('b'));
    first.open();
    await Promise.all([one, two]);
    expect(order).toEqual(['b', 'a1', 'a2']);
  });

  it('goes on after work that failed', async () => {
    const line = new Line(1);
    await expect(line.run('a', 'x', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(line.run('a', 'x', async () => 'yes')).resolves.toBe('yes');
  });

  it('P-2: delays an asker by one of a crowd, not by the crowd', async () => {
    const line = new Line(1);
    const order: string[] = [];
    const first = gate();
    const ends = [line.run('a', 'crowd', () => first.opened)];
    for (let i = 0; i < 100; i++) ends.push(line.run('a', 'crowd', async () => void order.push('crowd')));
    ends.push(line.run('a', 'other', async () => void order.push('other')));
    first.open();
    await Promise.all(ends);
    expect(order.indexOf('other')).toBeLessThanOrEqual(1);
  });

  it('refuses whose turn comes too late', async () => {
    jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'queueMicrotask'] });
    const line = new Line(1);
    const first = gate();
    const one = line.run('a', 'x', () => first.opened);
    const two = expect(line.run('a', 'x', async () => 'late')).rejects.toMatchObject({ detail: 'signing: scope busy' });
    // The first one is in by then.
    await line.run('b', 'x', async () => undefined);
    jest.advanceTimersByTime(5_001);
    first.open();
    await one;
    await two;
    jest.useRealTimers();
  });
});

it('lets in as many as it is wide, and no more', async () => {
  const line = new Line(3);
  let [inside, most] = [0, 0];
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => line.run('a', `asker ${i % 4}`, work)));
  expect(most).toBe(3);
});
