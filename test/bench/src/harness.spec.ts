import type { Bench } from './bench';
import { chosen, parseOptions, runOrder } from './options';
import { inTurns } from './rounds';
import { broken, compared, lacks, limited, median, quantile } from './row';
import { tableOf } from './table';

const told = { name: 'sign', unit: 'per s', against_what: 'a bare one' } as const;

describe('a row', () => {
  it('is of the middle round, whose ratio is each round’s own', () => {
    const row = compared({ ...told, better: 'higher', reach: 0.9 }, [90, 10, 100], [100, 20, 100]);
    expect(row).toMatchObject({ value: 90, against: 100, ratio: 0.9, rounds: [0.9, 0.5, 1], ok: true });
  });

  it.each([
    ['higher', 0.9, 0.9, true],
    ['higher', 0.9, 0.89, false],
    ['lower', 1.2, 1.2, true],
    ['lower', 1.2, 1.21, false],
    ['lower', 1.2, NaN, false],
    ['higher', 1.2, NaN, false],
  ] as const)('that is to be %s than %d is with %d: %s', (better, reach, figure, ok) => {
    expect(compared({ ...told, better, reach }, [figure], [1])).toMatchObject({ ok });
    expect(limited({ ...told, better, reach }, [figure])).toMatchObject({ ok, against: null, ratio: null });
  });

  it('that nothing is asked of is good, unless it was not measured', () => {
    expect(limited({ ...told, better: 'lower', reach: null }, [7]).ok).toBe(true);
    expect(limited({ ...told, better: 'lower', reach: null }, []).ok).toBe(false);
  });

  it('says by what part it misses its reach', () => {
    expect(lacks(compared({ ...told, better: 'higher', reach: 0.8 }, [0.6], [1]))).toBeCloseTo(0.25);
    expect(lacks(limited({ ...told, better: 'lower', reach: 2 }, [3]))).toBeCloseTo(0.5);
    expect(lacks(limited({ ...told, better: 'lower', reach: 2 }, [1]))).toBe(0);
  });
});

it('takes the middle of few and of many', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([5])]).toEqual([2, 2.5, 5]);
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99), quantile([1, 2], 1)]).toEqual([
    50, 99, 7, 2,
  ]);
  expect([median([]), quantile([], 0.5)]).toEqual([NaN, NaN]);
});

it('lets everybody begin in turn', async () => {
  const order: string[] = [];
  const as = (name: string) => async () => order.push(name);
  const gave = await inTurns(3, { ours: as('ours'), peer: as('peer') });
  expect(order).toEqual(['ours', 'peer', 'peer', 'ours', 'ours', 'peer']);
  expect(gave).toEqual({ ours: [1, 4, 5], peer: [2, 3, 6] });
});

describe('a table', () => {
  const good = compared({ ...told, better: 'higher', reach: 0.9 }, [9_120], [10_000]);
  const slow = limited(
    { ...told, name: 'idle', unit: '% of a core', better: 'lower', reach: 2, against_what: '' },
    [3],
  );

  it('shows what is reached, what falls short by how much, and what broke', () => {
    const lines = tableOf([good, slow, broken('chain', 'Error: no ring')]).split('\n');
    expect(lines[1]).toMatch(/^sign +9,120 +10,000 +per s +0\.912 +≥ 0\.9 +ok$/);
    expect(lines[2]).toMatch(/^idle +3 +– +% of a core +– +≤ 2 +50 % over$/);
    expect(lines.slice(3)).toEqual(['chain: BROKEN: Error: no ring', '', 'sign: against a bare one']);
  });
});

describe('what is asked for', () => {
  const bench = (name: string, more: Partial<Bench> = {}): Bench => ({
    name,
    takesSeconds: 1,
    run: async () => [],
    ...more,
  });
  const all = [bench('sign', { takesQuickly: 1 }), bench('aged'), bench('curves', { isByNameAlone: true })];
  const pick = (...args: string[]): { benches: string[]; leftOut: string[] } | string => {
    const options = parseOptions(
      args,
      all.map(({ name }) => name),
    );
    if (typeof options === 'string') return options;
    const { benches, leftOut } = chosen(all, options);
    return { benches: benches.map(({ name }) => name), leftOut };
  };

  it.each([
    [[], { benches: ['sign', 'aged'], leftOut: [] }],
    [['curves', 'sign'], { benches: ['sign', 'curves'], leftOut: [] }],
    [['--quick'], { benches: ['sign'], leftOut: ['aged'] }],
    [['aged', '--quick'], { benches: [], leftOut: ['aged'] }],
  ])('%j', (args, expected) => expect(pick(...args)).toEqual(expected));

  it('is run with those together that share a stack', () => {
    const shares = (name: string) => bench(name, { sharesStack: true });
    const order = runOrder([bench('aged'), shares('cli'), bench('open'), shares('sign')]);
    expect(order.map(({ name }) => name)).toEqual(['cli', 'sign', 'aged', 'open']);
  });

  it('has to be there', () => {
    expect(pick('sing', '--fast', '--quick')).toMatch(
      /^--fast, sing: there is no such.*\n.*\nbenches: aged curves sign$/,
    );
  });
});
