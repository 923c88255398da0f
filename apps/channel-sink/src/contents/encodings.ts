/**
 * How a secret is spelled. The HMAC key is the 32 bytes, whatever the spelling: who takes the text itself for the key computes
 * other signatures.
 */
export const ENCODINGS = {
  hex: (secret: Buffer): string => secret.toString('hex'),
  /** RFC 4648, section 4: with padding. */
  base64: (secret: Buffer): string => secret.toString('base64'),
  /** Standard Webhooks: the prefix is no part of the key. */
  whsec: (secret: Buffer): string => `whsec_${secret.toString('base64')}`,
} as const;

export type Encoding = keyof typeof ENCODINGS;

export const encoded = (secret: Uint8Array, encoding: Encoding): string => ENCODINGS[encoding](Buffer.from(secret));
