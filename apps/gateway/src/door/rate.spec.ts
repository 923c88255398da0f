import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Rate } from './rate';

/** As a Node's streams have it. */
const newRate = (): Rate => new Rate({ most: 10, withinMs: 10_000 });
const admits = (rate: Rate, name: string, shown: string, atMs: number): boolean =>
  rate.waitMs([name, shown], atMs) === 0;

const admitted = (rate: Rate, asker: string, times: number, atMs: number): boolean[] =>
  Array.from({ length: times }, () => admits(rate, asker, 'its bearer', atMs));

it('ten in ten seconds are let through, and ten again after them', () => {
  const rate = newRate();
  expect(admitted(rate, 'one', 12, 1_000)).toEqual([...Array<boolean>(10).fill(true), false, false]);
  expect(admits(rate, 'one', 'its bearer', 10_999)).toBe(false);
  expect(admitted(rate, 'one', 11, 11_000)).toEqual([...Array<boolean>(10).fill(true), false]);
});

it('whoever is beyond it hears how long it is until the next one', () => {
  const rate = newRate();
  admitted(rate, 'one', 10, 1_000);
  expect([4_000, 10_999].map((atMs) => rate.waitMs(['one', 'its bearer'], atMs))).toEqual([7_000, 1]);
});

it('a Node that reconnects every 30 s is never near it', () => {
  const rate = newRate();
  for (let atMs = 0; atMs < 3_600_000; atMs += 30_000) expect(admits(rate, 'one', 'its bearer', atMs)).toBe(true);
});

it('nobody uses up what is another’s', () => {
  const rate = newRate();
  for (let each = 0; each < 1_000; each++) admits(rate, 'node', 'made up', 0);
  expect(admits(rate, 'node', 'its bearer', 0)).toBe(true);
});

it('whoever makes up names has it remember no more than so many, and those who came last', () => {
  const rate = newRate();
  for (let each = 0; each < 100_000; each++) admits(rate, `made up ${each}`, 'x', 0);
  admitted(rate, 'one', 10, 0);
  for (let each = 0; each < 99_000; each++) admits(rate, `more ${each}`, 'x', 1);
  expect(admits(rate, 'one', 'its bearer', 1)).toBe(false);
  expect((rate as unknown as { asked: Map<string, unknown> }).asked.size).toBeLessThanOrEqual(100_000);
});

it('and of each as little, however long the request was that named it', () => {
  const rate = newRate();
  const before = heapBytes();
  // A piece of a text is a look into that text, which stays for as long as the piece does.
  for (let each = 0; each < 20_000; each++) admits(rate, /^(.{30})/.exec(`${each} `.padEnd(4_096, 'x'))![1]!, 'x', 0);
  expect(heapBytes() - before).toBeLessThan(20_000 * 1_024);
  expect(admits(rate, 'one', 'x', 0)).toBe(true);
});

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
