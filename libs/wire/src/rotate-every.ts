/**
 * How often a ring is rotated by itself, as a request and a reply spell it: `never`, a span of one unit (`7d`, `36h`), or
 * five fields of cron in UTC. Whether such fields ever fire is for whoever evaluates them.
 */
export type RotateEveryText = string;

/** How often a stage of a service's life rotates, and that it closes by itself. */
export const CADENCES = {
  development: { rotate_every: '0 3 1 * *', close: 'automatic' },
  staging: { rotate_every: '14d', close: 'automatic' },
  production: { rotate_every: '7d', close: 'automatic' },
} as const;

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const SPAN = /^([1-9]\d{0,8})([dhms])$/;
const LONGEST_SPAN_MS = 3_660 * 86_400_000;
/** Numbers, names, ranges, steps and lists; nothing that a library reads beyond the five fields (seconds, years, macros). */
const FIELD = '[0-9A-Za-z*/,?#-]{1,40}';
const CRON = new RegExp(`^${FIELD}(?: ${FIELD}){4}$`);

type ParsedRotateEvery = { everyMs: number } | { cron: string } | null;

/** null for `never`, undefined for what is none of the three. */
export function parseRotateEvery(text: unknown): ParsedRotateEvery | undefined {
  if (typeof text !== 'string') return undefined;
  if (text === 'never') return null;
  const [, count, unit] = SPAN.exec(text) ?? [];
  if (count === undefined) return CRON.test(text) ? { cron: text } : undefined;
  const everyMs = Number(count) * (UNITS.find(([name]) => name === unit)?.[1] ?? NaN);
  return everyMs <= LONGEST_SPAN_MS ? { everyMs } : undefined;
}

/** In the largest unit that it is a whole number of. */
export function rotateEveryText(every: NonNullable<ParsedRotateEvery> | null): RotateEveryText {
  if (every === null) return 'never';
  if ('cron' in every) return every.cron;
  const [unit, ms] = UNITS.find(([, size]) => every.everyMs % size === 0) ?? UNITS[3];
  return `${every.everyMs / ms}${unit}`;
}
