import { Batcher } from './batcher';

describe('Batcher', () => {
  it('hands over together what comes together, and what comes meanwhile next', async () => {
    const batches: string[][] = [];
    let finish: () => void = () => undefined;
    const batcher = new Batcher<string>(0, (items) => {
      batches.push(items);
      return new Promise((resolve) => (finish = resolve));
    });
    const first = [batcher.add('a'), batcher.add('b')];
    while (batches.length === 0) await new Promise(setImmediate);
    const second = [batcher.add('c'), batcher.add('d')];
    finish();
    await Promise.all(first);
    while (batches.length === 1) await new Promise(setImmediate);
    finish();
    await Promise.all(second);
    expect(batches).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('tells everyone of a batch that it failed, and goes on with the next', async () => {
    let fails = true;
    const batcher = new Batcher<string>(0, () => (fails ? Promise.reject(new Error('away')) : Promise.resolve()));
    const both = await Promise.allSettled([batcher.add('a'), batcher.add('b')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    await expect(batcher.add('c')).resolves.toBeUndefined();
  });

  it('drains what waits', async () => {
    const handedOver: string[] = [];
    const batcher = new Batcher<string>(5, (items) => Promise.resolve(void handedOver.push(...items)));
    void batcher.add('a');
    await batcher.drain();
    expect(handedOver).toEqual(['a']);
  });
});
