import { printable } from './printable';

/** Text for people that is no table: a label and what it says, one below the other. */
export interface Line {
  label: string;
  text: string;
}

const LABEL_WIDTH = 10;

/** Lines with their labels in one column. What comes from outside cannot steer the terminal. */
export const labelled = (lines: readonly Line[], indent = ''): string[] => {
  const width = Math.max(LABEL_WIDTH, ...lines.map(({ label }) => label.length + 2));
  return lines.map(({ label, text }) => `${indent}${printable(label).padEnd(width)}${printable(text)}`.trimEnd());
};

/** `a, b and 48 more`: `count` is how many there are, of whom the service names only some. */
export function named(names: readonly string[], count = names.length): string {
  const all = names.join(', ');
  return count > names.length ? `${all}${all === '' ? '' : ' and '}${count - names.length} more` : all;
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What becomes of Nodes that lag. */
export const catchUp = (count: number): string =>
  count === 1 ? 'it catches up when it is back' : 'they catch up when they are back';

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** `2d3h`, `5m12s`, `0s`: the two largest units, which is what one needs to know of an age. */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first < 0) return '0s';
  let rest = whole;
  return UNITS.slice(first, first + 2)
    .map(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? '' : `${count}${unit}`;
    })
    .join('');
}

/** How far a clock is off the database's: `6m40s ahead`. */
export const clockOff = (seconds: number): string => `${age(Math.abs(seconds))} ${seconds > 0 ? 'ahead' : 'behind'}`;

/** Seconds from one RFC 3339 time to another. */
export const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1_000;

/** `[######----]  60 %`. Full only when all are done: 199 of 200 is 99 %. */
export function bar(done: number, all: number, width = 30): string {
  const part = all === 0 ? 1 : Math.min(done / all, 1);
  const filled = Math.floor(part * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${Math.floor(part * 100)} %`;
}

/** What a table shows where there is nothing. */
export const orDash = (text: string | null | undefined): string => text ?? '-';
