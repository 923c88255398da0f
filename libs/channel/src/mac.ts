import { createHmac, timingSafeEqual, type Hmac } from 'node:crypto';

/** As long as what HMAC-SHA256 makes: less is easier to guess than to forge. */
export const MIN_SECRET_BYTES = 32;

export const isLongEnough = (secret: unknown): secret is Uint8Array =>
  secret instanceof Uint8Array && secret.length >= MIN_SECRET_BYTES;

/** HMAC-SHA256 of one after the other, in base64. */
export const macText = (secret: Uint8Array, head: string, rest: string | Uint8Array): string =>
  begun(secret, head, rest).digest('base64');

/** The one that is expected: there is never more than one at once, and each in a buffer of its own takes longer to make. */
const expected = Buffer.alloc(32);

/** Whether one of `given` is the HMAC-SHA256 of one after the other. */
export function isAnyMacOf(
  given: readonly Uint8Array[],
  secret: Uint8Array,
  head: string,
  rest: string | Uint8Array,
): boolean {
  expected.write(begun(secret, head, rest).digest('binary'), 'binary');
  return given.some((each) => isSameMac(each, expected));
}

/** Texts are put together first: each part is a call of its own into the library that hashes. */
function begun(secret: Uint8Array, head: string, rest: string | Uint8Array): Hmac {
  const hmac = createHmac('sha256', secret);
  return typeof rest === 'string' ? hmac.update(`${head}${rest}`) : hmac.update(head).update(rest);
}

/** In a time that says nothing of where they differ. */
export const isSameMac = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
