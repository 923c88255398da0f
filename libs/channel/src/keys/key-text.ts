/** Keys as a text has them, which a sink wrote into a file or a secrets manager. */
import { isKeyId } from '@plexsphere/wire';
import { ChannelError } from '../channel-error';
import { MIN_SECRET_BYTES } from '../mac';
import type { ChannelKey } from './channel-keys';

/** `map`: `{"<kid>": "<secret>", …}`, newest first. `active`: `{"key_id": …, "secret": …}`, what is signed by. */
export type KeyFormat = 'map' | 'active';

/** How a secret is spelled. `whsec` is that of Standard Webhooks: `whsec_` and base64. */
export type KeyEncoding = 'hex' | 'base64' | 'whsec';

export interface KeyTextOptions {
  format: KeyFormat;
  /** `hex` where it is not said. */
  encoding?: KeyEncoding | undefined;
  /** Where it is not said: what stands in a map verifies, and the active one signs. */
  use?: 'sign' | 'verify' | undefined;
}

/** Sixteen keys of the longest ids are a tenth of it. */
export const MAX_TEXT_BYTES = 64 * 1_024;
const MAX_KEYS = 16;
const MAX_SECRET_CHARACTERS = 256;

const SPELLINGS: Record<KeyEncoding, (text: string) => Buffer | undefined> = {
  hex: (text) => (/^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined),
  base64: fromBase64,
  whsec: (text) => (text.startsWith('whsec_') ? fromBase64(text.slice('whsec_'.length)) : undefined),
};

/** @throws ChannelError */
export function checkTextOptions({ format, encoding = 'hex', use = 'verify' }: KeyTextOptions): void {
  if (!['map', 'active'].includes(format)) throw new ChannelError('option_invalid', 'format has to be map or active');
  if (!Object.hasOwn(SPELLINGS, encoding))
    throw new ChannelError('option_invalid', 'encoding has to be hex, base64 or whsec');
  if (!['sign', 'verify'].includes(use)) throw new ChannelError('option_invalid', 'use has to be sign or verify');
}

/** @throws ChannelError `keys_malformed`, `secret_too_short`: all of them or none are taken */
export function keysOfText(text: string, { format, encoding = 'hex', use }: KeyTextOptions): ChannelKey[] {
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) throw malformed('too long');
  const members = objectOf(text);
  const named = format === 'map' ? Object.entries(members) : [[members['key_id'], members['secret']]];
  if (named.length > MAX_KEYS) throw malformed('too many');
  return named.map(([keyId, spelled]) => {
    if (!isKeyId(keyId) || typeof spelled !== 'string' || spelled.length > MAX_SECRET_CHARACTERS)
      throw malformed('no ids and secrets');
    const secret = SPELLINGS[encoding](spelled);
    if (secret === undefined) throw malformed(`a secret that is not spelled in ${encoding}`);
    if (secret.length < MIN_SECRET_BYTES)
      throw new ChannelError('secret_too_short', `a secret has to be of ${MIN_SECRET_BYTES} bytes or more`);
    return { keyId, secret, use: use ?? (format === 'map' ? 'verify' : 'sign'), verifiesUntil: null };
  });
}

/** What JSON.parse says of a text quotes it, and so secrets. */
function objectOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('no object');
  return value as Record<string, unknown>;
}

const malformed = (what: string): ChannelError =>
  new ChannelError('keys_malformed', `the keys that were read: ${what}`);

/** Of one secret one spelling: Node.js itself passes over what it cannot read. */
function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}
