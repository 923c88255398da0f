/**
 * The lines of a journal: each with its length, and a checksum that goes on from the line before. So nothing is taken of a
 * line that a crash cut short, and a line that was changed, moved or taken out is seen. No protection against whoever may
 * write the file.
 */
import { createHash } from 'node:crypto';

/** Hexadecimal digits of a SHA-256: what falls over by chance passes once in 2^64. */
const CHECKSUM_DIGITS = 16;
/** What a disk writes whole or not at all, at the least. */
const SECTOR_BYTES = 512;
const LINE_FEED = 0x0a;

const HEADER = /^(0|[1-9][0-9]{0,9}) ([0-9a-f]{16}) /;
/** How a line may begin that has no end: any part of a header, or all of it. */
const BEGUN = /^(?:(?:0|[1-9][0-9]{0,9})?|(?:0|[1-9][0-9]{0,9}) [0-9a-f]{0,16})$/;
const LONGEST_HEADER = 10 + 1 + CHECKSUM_DIGITS + 1;

export interface JournalLine {
  text: string;
  checksum: string;
}

/** `body`: without a line feed, as JSON is. `before`: the checksum of the line before; of the first there is none. */
export function journalLine(body: string, before = ''): JournalLine {
  const bytes = Buffer.from(body);
  const checksum = checksumOf(bytes, before);
  return { text: `${bytes.length} ${checksum} ${body}\n`, checksum };
}

/**
 * The bodies of all lines, but for a last one that a crash cut short: nobody was told that it is there. Undefined where
 * anything else is amiss, or not even the first line is there, which is never cut short.
 */
export function readJournal(bytes: Buffer): string[] | undefined {
  const bodies: string[] = [];
  let rest = bytes;
  for (let before = ''; rest.length > 0;) {
    const line = firstLine(rest, before);
    if (line === undefined) return bodies.length > 0 && isTorn(rest, bytes.length - rest.length) ? bodies : undefined;
    bodies.push(line.body);
    rest = rest.subarray(line.length);
    before = line.checksum;
  }
  return bodies.length > 0 ? bodies : undefined;
}

function firstLine(bytes: Buffer, before: string): { body: string; checksum: string; length: number } | undefined {
  const header = headerOf(bytes);
  if (header === undefined || bytes[header.lineBytes - 1] !== LINE_FEED) return undefined;
  const body = bytes.subarray(header.bytes, header.lineBytes - 1);
  const checksum = checksumOf(body, before);
  return checksum === header.checksum ? { body: body.toString(), checksum, length: header.lineBytes } : undefined;
}

function headerOf(bytes: Buffer): { bytes: number; lineBytes: number; checksum: string } | undefined {
  const [text, length, checksum = ''] = HEADER.exec(bytes.toString('latin1', 0, LONGEST_HEADER)) ?? [];
  if (text === undefined) return undefined;
  return { bytes: text.length, lineBytes: text.length + Number(length) + 1, checksum };
}

/** Whether these are the first bytes of a line, and not all of them; or not all of them came to the disk. */
function isTorn(bytes: Buffer, offset: number): boolean {
  const end = bytes.indexOf(LINE_FEED);
  if (end >= 0 && end < bytes.length - 1) return false;
  if (hasHole(bytes, offset)) return true;
  const header = headerOf(bytes);
  const isBegun = header === undefined ? BEGUN.test(bytes.toString('latin1')) : bytes.length < header.lineBytes;
  return end < 0 && isBegun;
}

/**
 * After a power cut a file may have its new size and not all that was written there: what is missing reads as zeros, by the
 * sector. No line has a zero of its own.
 */
function hasHole(bytes: Buffer, offset: number): boolean {
  let holes = 0;
  for (let from = 0; from < bytes.length;) {
    const to = from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES);
    const sector = bytes.subarray(from, to);
    if (sector.every((byte) => byte === 0)) holes += 1;
    else if (sector.includes(0)) return false;
    from = to;
  }
  return holes > 0;
}

const checksumOf = (body: Buffer, before: string): string =>
  createHash('sha256').update(before).update(body).digest('hex').slice(0, CHECKSUM_DIGITS);
