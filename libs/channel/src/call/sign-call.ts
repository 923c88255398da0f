import { randomBytes } from 'node:crypto';
import { isKeyId } from '@plexsphere/wire';
import { ChannelError } from '../channel-error';
import type { ChannelKey } from '../keys/channel-keys';
import { macText } from '../mac';
import { contentDigest } from './content-digest';
import { covered } from './signature-base';
import { spellParameters, spellSignatures } from './spelled-signatures';
import { SIGNED_TARGET, spellTarget, type Target } from './target';

/** As long as clocks may be apart: a shorter life would refuse the calls of a clock that is late. */
export const CALL_LIFE_MS = 5 * 60_000;

/**
 * The headers of a call, signed by all of these keys, which share a nonce: it is one call.
 * @throws ChannelError `keys_malformed` for a key whose id no receiver would take
 */
export function callHeaders(
  keys: readonly ChannelKey[],
  target: Target,
  { body, at }: { body: string | Uint8Array; at: Date },
): Record<string, string> {
  const digest = contentDigest(body);
  const base = covered(target, digest);
  const nonce = randomBytes(18).toString('base64url');
  const created = Math.floor(at.getTime() / 1_000);
  const expires = created + CALL_LIFE_MS / 1_000;
  const signatures = keys.map(({ keyId, secret }) => {
    if (!isKeyId(keyId)) throw new ChannelError('keys_malformed', 'a key to sign by has an id that is none');
    const parameters = spellParameters({ created, expires, nonce, keyId });
    return { parameters, value: macText(secret, base, parameters) };
  });
  return { 'content-digest': digest, ...spellSignatures(signatures), [SIGNED_TARGET]: spellTarget(target) };
}
