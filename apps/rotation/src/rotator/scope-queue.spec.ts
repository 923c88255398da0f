import { ScopeQueue } from './scope-queue';

interface Gate {
  opened: Promise<void>;
  open: () => void;
}

function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('the queue before a scope', () => {
  it('lets one in at a time, in order, and another scope at once', async () => {
    const queue = new ScopeQueue();
    const order: string[] = [];
    const first = gate();
    const one = queue.run('a', async () => {
      await first.opened;
      order.push('a1');
    });
    const two = queue.run('a', async () => void order.push('a2'));
    await queue.run('b', async () => void order.push('b'));
    first.open();
    await Promise.all([one, two]);
    expect(order).toEqual(['b', 'a1', 'a2']);
  });

  it('goes on after work that failed', async () => {
    const queue = new ScopeQueue();
    await expect(queue.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(queue.run('a', async () => 'yes')).resolves.toBe('yes');
  });

  it('refuses whose turn comes too late', async () => {
    jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'queueMicrotask'] });
    const queue = new ScopeQueue();
    const first = gate();
    const one = queue.run('a', () => first.opened);
    const two = expect(queue.run('a', async () => 'late')).rejects.toMatchObject({ detail: 'signing: scope busy' });
    // The first one is in by then.
    await queue.run('b', async () => undefined);
    jest.advanceTimersByTime(5_001);
    first.open();
    await one;
    await two;
    jest.useRealTimers();
  });
});
