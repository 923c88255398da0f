import { StreamRate } from './stream-rate';

const admitted = (rate: StreamRate, asker: string, times: number, atMs: number): boolean[] =>
  Array.from({ length: times }, () => rate.admits(asker, atMs));

it('ten in ten seconds are let through, and ten again after them', () => {
  const rate = new StreamRate();
  expect(admitted(rate, 'one', 12, 1_000)).toEqual([...Array<boolean>(10).fill(true), false, false]);
  expect(rate.admits('one', 10_999)).toBe(false);
  expect(admitted(rate, 'one', 11, 11_000)).toEqual([...Array<boolean>(10).fill(true), false]);
});

it('a Node that reconnects every 30 s is never near it', () => {
  const rate = new StreamRate();
  for (let atMs = 0; atMs < 3_600_000; atMs += 30_000) expect(rate.admits('one', atMs)).toBe(true);
});

it('nobody uses up what is another’s', () => {
  const rate = new StreamRate();
  admitted(rate, 'node with a made-up bearer', 1_000, 0);
  expect(rate.admits('node with its own', 0)).toBe(true);
});

it('whoever makes up names has it remember no more than so many, and those who came last', () => {
  const rate = new StreamRate();
  for (let each = 0; each < 100_000; each++) rate.admits(`made up ${each}`, 0);
  admitted(rate, 'one', 10, 0);
  for (let each = 0; each < 99_000; each++) rate.admits(`more ${each}`, 1);
  expect(rate.admits('one', 1)).toBe(false);
  expect((rate as unknown as { asked: Map<string, unknown> }).asked.size).toBeLessThanOrEqual(100_000);
});
