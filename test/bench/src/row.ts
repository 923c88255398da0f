/** What a benchmark tells, and what it is held against. */

/** One line of the table, and of results/latest.json. */
export interface Row {
  name: string;
  /** Ours: the middle one of all rounds. */
  value: number;
  /** What the same costs elsewhere, measured in the same run, by turns; null where a limit is all that there is. */
  against: number | null;
  /** Ours as a share of the other's: the middle one of what the rounds gave, each for itself. */
  ratio: number | null;
  /** Of the ratio, or of the value where there is no ratio; null of a figure that is shown beside others. */
  reach: number | null;
  ok: boolean;
  unit: string;
  better: 'higher' | 'lower';
  /** Who the other is, how it is set up, and what it leaves out. */
  against_what: string;
  /** The ratios of all rounds, or the values where there are none, in their order: how far to trust the middle one. */
  rounds: number[];
  /** CPU seconds by process, over the measured part. */
  cpu?: Record<string, number>;
  /** Other figures of the same run that explain this one. */
  beside?: Record<string, number>;
}

/** A bench that could not be run. */
export interface Broken {
  name: string;
  value: null;
  against: null;
  ratio: null;
  reach: null;
  ok: false;
  broken: string;
}

export type Result = Row | Broken;

export const isBroken = (result: Result): result is Broken => 'broken' in result;

export const broken = (name: string, reason: string): Broken => ({
  ...{ name, value: null, against: null, ratio: null, reach: null, ok: false, broken: reason },
});

type Told = Pick<Row, 'name' | 'unit' | 'better' | 'reach' | 'against_what'> & Pick<Partial<Row>, 'cpu' | 'beside'>;

/** Ours and a peer's, a figure for each round. */
export function compared(told: Told, ours: readonly number[], others: readonly number[]): Row {
  const ratios = ours.map((our, round) => our / (others[round] ?? NaN));
  const ratio = median(ratios);
  const figures = { value: median(ours), against: median(others), ratio };
  return { ...told, ...figures, ok: reaches(told, ratio), rounds: ratios };
}

/** Ours alone, against a limit. */
export function limited(told: Told, ours: readonly number[]): Row {
  const value = median(ours);
  return { ...told, value, against: null, ratio: null, ok: reaches(told, value), rounds: [...ours] };
}

/** What is not there reaches nothing. */
const reaches = ({ reach, better }: Pick<Row, 'reach' | 'better'>, figure: number): boolean =>
  reach === null ? !Number.isNaN(figure) : better === 'higher' ? figure >= reach : figure <= reach;

/** By what part of the reach a row misses it; 0 where it does not. */
export function lacks({ ratio, value, reach, better }: Row): number {
  if (reach === null) return 0;
  const figure = ratio ?? value;
  return Math.max(0, (better === 'higher' ? reach - figure : figure - reach) / reach);
}

/** The mean of the two in the middle, where there are two. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

/** The figure that so much of all is not above. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? NaN;
}
