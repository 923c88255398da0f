import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { misuse } from './failure';
import type { Terminal } from './terminal';

/** More than the bus carries in one message, so reading on is pointless. */
const MAX_BYTES = 1_048_576;
/** After this long without a byte a person is wondering why nothing happens. */
const SILENCE_MS = 2_000;

export type Input = Readable & { isTTY?: boolean };

/** The text of `path`, or of standard input where there is none or it is `-`. `flag` is for messages. */
export async function readInput(
  path: string | undefined,
  flag: string,
  stdin: Input,
  terminal: Terminal,
): Promise<string> {
  const text = path === undefined || path === '-' ? await readStream(stdin, flag, terminal) : readPath(path, flag);
  if (Buffer.byteLength(text) > MAX_BYTES) throw misuse(`--${flag} is larger than 1 MiB`, member(flag));
  return text;
}

function readPath(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw misuse(
      `--${flag} cannot be read: ${code}`,
      member(flag),
      `check ${path}, or give the text on standard input`,
    );
  }
}

async function readStream(stdin: Input, flag: string, terminal: Terminal): Promise<string> {
  const note = (): void => terminal.note(`reading standard input up to its end; --${flag} names a file instead`);
  const silence = setTimeout(note, stdin.isTTY === true ? 0 : SILENCE_MS);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stdin) {
      clearTimeout(silence);
      chunks.push(Buffer.from(chunk as Buffer | string));
      size += chunks.at(-1)?.length ?? 0;
      if (size > MAX_BYTES) break;
    }
  } finally {
    clearTimeout(silence);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A JSON text as an object. Refuses integers that reading would change: what is signed must be what was written. */
export function parseObject(text: string, flag: string): Record<string, unknown> {
  const value = parseJson(text, flag);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw misuse(`--${flag} is not a JSON object`, member(flag), 'begin with { and end with }');
  }
  const changed = changedInteger(text);
  if (changed !== undefined) {
    throw misuse(`--${flag} has an integer that is not exact: ${changed}`, member(flag), 'write it as a string');
  }
  return value as Record<string, unknown>;
}

export function parseJson(text: string, flag: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw misuse(`--${flag} is not JSON`, member(flag), 'an empty object is {}');
  }
}

const STRING = /"(?:[^"\\]|\\.)*"/g;
const INTEGER = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

const changedInteger = (json: string): string | undefined =>
  json
    .replace(STRING, '""')
    .match(INTEGER)
    ?.find((digits) => BigInt(digits) !== BigInt(Number(digits)));

/** `payload-file` → `payload_file`: flags are spelled with dashes, members with underscores. */
const member = (flag: string): string => flag.replaceAll('-', '_');
