import type { BenchWorld } from './bench-world';
import type { Row } from './row';

/** One file of ../benches: what it measures and how long that takes, on two cores that nobody else uses. */
export interface Bench {
  /** That of the file. */
  name: string;
  takesSeconds: number;
  /** Absent where it is too long for `--quick`. */
  takesQuickly?: number;
  /** It uses the stack that several share, and leaves it as it found it. */
  sharesStack?: true;
  /** Only where it is named: for what takes longer than all others. */
  isByNameAlone?: true;
  run(world: BenchWorld): Promise<Row[]>;
}
