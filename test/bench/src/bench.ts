import type { BenchWorld } from './bench-world';
import type { Row } from './row';

/** One file of ../benches: what it measures and how long that takes, on two cores that nobody else uses. */
export interface Bench {
  /** That of the file. */
  name: string;
  takesSeconds: number;
  /** Absent where it is too long for `--quick`. */
  takesQuickly?: number;
  /** Only where it is named: for what takes longer than all others. */
  isByNameAlone?: true;
  run(world: BenchWorld): Promise<Row[]>;
}
