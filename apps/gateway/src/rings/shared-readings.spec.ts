import { SharedReadings } from './shared-readings';

interface Begun {
  name: string;
  end: (value: string) => void;
  fail: (error: Error) => void;
}

let begun: Begun[];
let readings: SharedReadings<string>;
beforeEach(() => {
  begun = [];
  readings = new SharedReadings((name) => new Promise((end, fail) => void begun.push({ name, end, fail })));
});

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('whoever asks while one is under way gets what is read after that, and all of them by one', async () => {
  const first = readings.of('a');
  const later = [readings.of('a'), readings.of('a'), readings.of('a')];
  expect(begun).toHaveLength(1);
  begun[0]!.end('before');
  await expect(first).resolves.toBe('before');
  await settled();
  expect(begun).toHaveLength(2);
  begun[1]!.end('after');
  await expect(Promise.all(later)).resolves.toEqual(['after', 'after', 'after']);
});

test('who asks while the shared one is under way is a turn later', async () => {
  const asked = [readings.of('a'), readings.of('a')];
  begun[0]!.end('1');
  await settled();
  asked.push(readings.of('a'), readings.of('a'));
  begun[1]!.end('2');
  await settled();
  begun[2]!.end('3');
  await expect(Promise.all(asked)).resolves.toEqual(['1', '2', '3', '3']);
  expect(begun).toHaveLength(3);
});

test('one that fails is theirs who asked before it, and the next one is tried', async () => {
  const [first, next] = [readings.of('a'), readings.of('a')];
  begun[0]!.fail(new Error('away'));
  await expect(first).rejects.toThrow('away');
  await settled();
  begun[1]!.end('there');
  await expect(next).resolves.toBe('there');
});

test('names have nothing to do with each other, and none is kept', async () => {
  const asked = Array.from({ length: 1_000 }, (_, index) => readings.of(`${index}`));
  expect(begun).toHaveLength(1_000);
  for (const { name, end } of begun) end(name);
  await Promise.all(asked);
  await settled();
  const { underWay } = readings as unknown as { underWay: Map<string, unknown> };
  expect(underWay.size).toBe(0);
});
