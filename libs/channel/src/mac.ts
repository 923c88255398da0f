import { createHmac, timingSafeEqual } from 'node:crypto';

/** As long as what HMAC-SHA256 makes: less is easier to guess than to forge. */
export const MIN_SECRET_BYTES = 32;

export const isLongEnough = (secret: unknown): secret is Uint8Array =>
  secret instanceof Uint8Array && secret.length >= MIN_SECRET_BYTES;

/** HMAC-SHA256 of these one after the other. */
export function mac(secret: Uint8Array, ...parts: (string | Uint8Array)[]): Buffer {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** In a time that says nothing of where they differ. */
export const isSameMac = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
