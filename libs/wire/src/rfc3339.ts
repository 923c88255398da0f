/**
 * RFC 3339 times as Go's encoding/json reads and writes them. The text matters as much as the instant: the signature
 * covers the text, and the offset is not converted.
 */
export interface Rfc3339 {
  /** Trailing zeros of the fraction cut, at most nine digits, `+00:00` as `Z`. */
  text: string;
  /** Milliseconds since 1970, rounded down. */
  ms: number;
  /** Milliseconds since 1970, rounded up: differs where the fraction is finer than a Date can say. */
  ceilMs: number;
}

/** Two spellings beyond the RFC that Go's parser takes (golang.org/issue/54580): a one-digit hour, a comma for the dot. */
const SHAPE = /^(\d{4}-\d{2}-\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** As nearly all are: in UTC, to the millisecond at the finest. */
const USUAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;
const NEEDLESS_ZEROS = /\.?0+Z$/;

/** Undefined for what Go refuses: 30 February, second 60, lower-case `t`. */
export const parseRfc3339 = (text: string): Rfc3339 | undefined => (USUAL.test(text) ? usualTime(text) : anyTime(text));

function usualTime(text: string): Rfc3339 | undefined {
  const midnight = midnightOf(text.slice(0, 10));
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  if (Number.isNaN(midnight) || hour > 23 || minute > 59 || second > 59) return undefined;
  let ms = midnight + ((hour * 60 + minute) * 60 + second) * 1_000;
  for (let at = FRACTION, worth = 100; at < text.length - 1; at++, worth /= 10) ms += worth * digit(text, at);
  const hasZeros = text.length > FRACTION && text.endsWith('0Z');
  return { text: hasZeros ? text.replace(NEEDLESS_ZEROS, 'Z') : text, ms, ceilMs: ms };
}

/** Where the digits of a fraction begin. */
const FRACTION = 'yyyy-mm-ddThh:mm:ss.'.length;
const digit = (text: string, at: number): number => text.charCodeAt(at) - 0x30;
const twoDigits = (text: string, at: number): number => 10 * digit(text, at) + digit(text, at + 1);

/** Nearly all times that are read one after the other are of one day. */
let lastDay = '';
let lastMidnight = Number.NaN;

/** Milliseconds since 1970; NaN where it is no day of the calendar. */
function midnightOf(day: string): number {
  if (day !== lastDay) {
    const ms = Date.parse(`${day}T00:00:00Z`);
    // 30 February is taken for 2 March.
    lastMidnight = new Date(ms).getUTCDate() === Number(day.slice(8)) ? ms : Number.NaN;
    lastDay = day;
  }
  return lastMidnight;
}

function anyTime(text: string): Rfc3339 | undefined {
  const parts = SHAPE.exec(text);
  if (parts === null) return undefined;
  const [, date = '', hour, minute, second, digits = '', sign, offsetHour = '00', offsetMinute = '00'] = parts;
  const midnight = midnightOf(date);
  if (Number.isNaN(midnight)) return undefined;
  const minutes = Number(hour) * 60 + Number(minute);
  const offsetMinutes = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -1 : 1);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const fraction = digits === '' ? '' : digits.slice(0, 9).replace(/0+$/, '');
  const wholeMs = midnight + (minutes - offsetMinutes) * 60_000 + Number(second) * 1_000;
  const ms = wholeMs + Number(fraction.slice(0, 3).padEnd(3, '0'));
  const zone = offsetMinutes === 0 ? 'Z' : `${sign}${offsetHour}:${offsetMinute}`;
  return {
    text: `${date}T${hour?.padStart(2, '0')}:${minute}:${second}${fraction === '' ? '' : `.${fraction}`}${zone}`,
    ms,
    ceilMs: fraction.length > 3 ? ms + 1 : ms,
  };
}

/** Longer than any time that somebody writes. */
const MAX_TIME_LENGTH = 40;

export const isTime = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= MAX_TIME_LENGTH && parseRfc3339(text) !== undefined;
