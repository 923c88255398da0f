import { problem } from '@plexsphere/wire';

/**
 * Containers in containers. As deep as an event's payload may be; far deeper ones take the parser its time, and whatever
 * walks them afterwards its stack.
 */
const MAX_DEPTH = 512;

const [QUOTE, BACKSLASH, OPEN_OBJECT, OPEN_LIST, CLOSE_OBJECT, CLOSE_LIST, COMMA] = Buffer.from('"\\{[}],');
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The body of a request; an empty one is an empty object. `mostValues`: how many members and items it may have, in all of
 * its objects and lists: a hundred thousand small ones take the parser a hundred times as long as a text of their length.
 * @throws Problem invariantViolation with `field` `body` where it is no JSON or has more values, else the member that is
 *   nested too deep
 */
export function requestBody(bytes: Uint8Array, mostValues = Infinity): unknown {
  if (bytes.length === 0) return {};
  const member = isSurelyFlat(bytes, mostValues) ? undefined : memberTooMuch(bytes, mostValues);
  if (member !== undefined) throw problem('invariantViolation', { field: member });
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch {
    throw problem('invariantViolation', { field: 'body' });
  }
}

/** Of most bodies it shows at once: all their brackets, those in strings included, are fewer than may be nested. */
function isSurelyFlat(bytes: Uint8Array, mostValues: number): boolean {
  if (mostValues !== Infinity) return false;
  // A short one has not room for as many.
  if (bytes.length <= MAX_DEPTH) return true;
  let opened = 0;
  for (const bracket of [OPEN_OBJECT, OPEN_LIST] as number[]) {
    for (let at = bytes.indexOf(bracket); at >= 0; at = bytes.indexOf(bracket, at + 1)) {
      if (++opened > MAX_DEPTH) return false;
    }
  }
  return true;
}

/** Outside strings alone do brackets nest. The last string of the outermost object before one opens is its name. */
function memberTooMuch(bytes: Uint8Array, mostValues: number): string | undefined {
  let depth = 0;
  let values = 0;
  let name: [start: number, end: number] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (depth === 1) name = [at + 1, end];
      at = end;
    } else if (byte === COMMA) {
      if (++values > mostValues) return 'body';
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (++values > mostValues) return 'body';
      if (++depth > MAX_DEPTH) return fieldName(Buffer.from(bytes.subarray(...name)).toString());
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--;
  }
  return undefined;
}

/** Where its closing quote stands; the end of all where none does. */
function endOfString(bytes: Uint8Array, opening: number): number {
  for (let at = opening + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at;
  }
  return bytes.length;
}

const FIELD_NAME = /^[A-Za-z0-9_]{1,64}$/;

/** What a caller calls a member may be any text, and is told back to them and to the log only where it is a plain name. */
export const fieldName = (text: string): string => (FIELD_NAME.test(text) ? text : 'body');
