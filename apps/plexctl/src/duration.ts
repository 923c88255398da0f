/** Spans as they are written in a flag: `90s`, `10m`, `24h`, `7d`, `1h30m`. */

const SECONDS = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
const SHAPE = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/;
/** Whole seconds, at least one; undefined for anything else. */
export function secondsOf(text: string): number | undefined {
  const [, ...counts] = SHAPE.exec(text) ?? [];
  const units = Object.values(SECONDS);
  const seconds = counts.reduce((sum, count, unit) => sum + Number(count ?? 0) * (units[unit] ?? 0), 0);
  return seconds >= 1 ? seconds : undefined;
}

/** What a flag needs that takes a span, of at most `longest`. */
export const durationUpTo = (longest: string) =>
  ({
    value: 'duration',
    accepts: (text: string): boolean => (secondsOf(text) ?? Infinity) <= (secondsOf(longest) ?? 0),
    expected: `a duration of 1s to ${longest}: 90s, 10m, 24h, 7d, 1h30m`,
  }) as const;
