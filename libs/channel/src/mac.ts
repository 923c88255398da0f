import { createHmac, timingSafeEqual, type Hmac } from 'node:crypto';

/** As long as what HMAC-SHA256 makes: less is easier to guess than to forge. */
export const MIN_SECRET_BYTES = 32;

export const isLongEnough = (secret: unknown): secret is Uint8Array =>
  secret instanceof Uint8Array && secret.length >= MIN_SECRET_BYTES;

/** HMAC-SHA256 of one after the other, in base64. */
export const macText = (secret: Uint8Array, head: string, rest: string | Uint8Array): string =>
  begun(secret, head, rest).digest('base64');

/** What HMAC-SHA256 makes, in base64. */
const MAC_CHARACTERS = 44;
const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const IS_BASE64 = Uint8Array.from({ length: 128 }, (_, code) => (BASE64.includes(code) ? 1 : 0));

/** Whether the text goes on from there as what HMAC-SHA256 makes does, in base64, and ends with it. */
export function isMacText(text: string, from: number): boolean {
  const last = from + MAC_CHARACTERS - 1;
  if (text.length !== last + 1 || text[last] !== '=') return false;
  for (let at = from; at < last; at++) if (IS_BASE64[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** The one that is expected and one that is given: there are never more at once, and a buffer for each takes longer to make. */
const [expected, given] = [Buffer.alloc(MAC_CHARACTERS), Buffer.alloc(MAC_CHARACTERS)];

/** Whether one of `macs`, in base64, is the HMAC-SHA256 of one after the other. */
export function isAnyMacOf(
  macs: readonly string[],
  secret: Uint8Array,
  head: string,
  rest: string | Uint8Array,
): boolean {
  expected.write(macText(secret, head, rest), 'latin1');
  return macs.some((each) => {
    if (each.length !== MAC_CHARACTERS) return false;
    given.write(each, 'latin1');
    // In a time that says nothing of where they differ.
    return timingSafeEqual(given, expected);
  });
}

/** Texts are put together first: each part is a call of its own into the library that hashes. */
function begun(secret: Uint8Array, head: string, rest: string | Uint8Array): Hmac {
  const hmac = createHmac('sha256', secret);
  return typeof rest === 'string' ? hmac.update(`${head}${rest}`) : hmac.update(head).update(rest);
}
