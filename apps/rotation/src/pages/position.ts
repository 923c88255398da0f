/**
 * A place in a listing by time, newest first: the time of a row in microseconds since 1970, as exact as the database has
 * it, and what tells rows of one time apart.
 */
export interface Position {
  micros: string;
  id: string;
}

/** Microseconds of any time until the year 2286. */
export const MICROS = /^\d{1,16}$/;

/** A timestamp column as microseconds, in text: exact, and no number of JavaScript's. */
export const microsOf = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint::text`;

/** The way back. 16 digits are exact as a double precision. */
export const timeOf = (parameter: string): string =>
  `(timestamptz 'epoch' + ${parameter}::float8 * interval '1 microsecond')`;

/** What rows are in the order of, newest first, and how a time is written to be compared with it. */
interface TimeOrder {
  key: string;
  written(time: string): string;
}

const inUtc = (time: string): string => `(${time} AT TIME ZONE 'UTC')`;

/**
 * Of a walk down an index that begins with something else than the time, such an index has the time as this expression:
 * so the planner cannot take one that begins with the time in its place, which would be a walk over everybody's rows.
 */
export const timeOrder = (column: string, isLed: boolean): TimeOrder =>
  isLed ? { key: inUtc(column), written: inUtc } : { key: column, written: (time) => time };
