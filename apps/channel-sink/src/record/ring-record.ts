/**
 * What a sink knows of what it has written for one ring, so that it tells its own text from somebody else's. Digests alone:
 * each is of a text with 32 random bytes in it, from which nothing can be guessed.
 */
import { createHash } from 'node:crypto';
import { isKeyId } from '@plexsphere/wire';

export interface RingRecord {
  /** Where that was: of another target it says nothing. */
  target: string;
  /** The text that was read back last; null before the first. */
  settled: string | null;
  /** What was begun since: any of them may stand there, also one whose answer has not come. Newest first. */
  begun: readonly string[];
  /** Ids of the keys of the last of all these, newest first, whether they were written or not. */
  keys: readonly string[];
  /** Ids that were found at the first time, and kept. */
  takenOver: readonly string[];
}

/** So many writes may fail one after the other before the first of them is somebody else's. */
const MOST_BEGUN = 16;
const VERSION = 1;
const DIGEST = /^[A-Za-z0-9_-]{43}$/;

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Whether this sink has written the text, or may have. */
export const isOurs = ({ settled, begun }: RingRecord, text: string): boolean =>
  [settled, ...begun].includes(digestOf(text));

export const withBegun = (text: string, before: readonly string[]): string[] =>
  [...new Set([digestOf(text), ...before])].slice(0, MOST_BEGUN);

export const recordText = ({ target, settled, begun, keys, takenOver }: RingRecord): string =>
  `${JSON.stringify({ version: VERSION, target, settled, begun, keys, taken_over: takenOver })}\n`;

/** Undefined for anything but what `recordText` made. */
export function readRecord(text: string): RingRecord | undefined {
  const { version, target, settled, begun, keys, taken_over: takenOver } = objectOf(text);
  if (version !== VERSION || typeof target !== 'string' || !(settled === null || isDigest(settled))) return undefined;
  if (!areAll(begun, isDigest) || !areAll(keys, isKeyId) || !areAll(takenOver, isText)) return undefined;
  return { target, settled, begun, keys, takenOver };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isDigest = (value: unknown): value is string => isText(value) && DIGEST.test(value);

const areAll = <T>(value: unknown, is: (item: unknown) => item is T): value is T[] =>
  Array.isArray(value) && value.every(is);

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
