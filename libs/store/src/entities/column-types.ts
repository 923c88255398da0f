import type { ValueTransformer } from 'typeorm';

/** Postgres hands bigint over as text. Epochs, positions and sequences stay far below 2^53. */
export const integer: ValueTransformer = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};
