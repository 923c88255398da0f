import { randomBytes } from 'node:crypto';
import { createSigner, httpbis } from 'http-message-signatures';
import type { ChannelKey } from '../keys/channel-keys';
import { contentDigest } from './content-digest';
import { COMPONENTS, PARAMETERS, TAG, componentsOf } from './signature-base';
import { SIGNED_TARGET, spellTarget, type Target } from './target';

/** As long as clocks may be apart: a shorter life would refuse the calls of a clock that is late. */
export const CALL_LIFE_MS = 5 * 60_000;

/** The headers of a call, signed by all of these keys: a label each, `k1` the newest's. They share a nonce: it is one call. */
export async function callHeaders(
  keys: readonly ChannelKey[],
  target: Target,
  { body, at }: { body: Uint8Array; at: Date },
): Promise<Record<string, string>> {
  const digest = contentDigest(body);
  const nonce = randomBytes(18).toString('base64url');
  const expires = new Date(at.getTime() + CALL_LIFE_MS);
  let headers: Record<string, string | string[]> = { 'content-digest': digest, signature: '', 'signature-input': '' };
  for (const [index, { keyId, secret }] of keys.entries()) {
    const config = {
      key: createSigner(Buffer.from(secret), 'hmac-sha256', keyId),
      name: `k${index + 1}`,
      fields: COMPONENTS,
      params: PARAMETERS,
      paramValues: { created: at, expires, nonce, tag: TAG },
      componentParser: componentsOf(target, digest),
    };
    ({ headers } = await httpbis.signMessage(config, { method: target.method, url: '', headers }));
  }
  return { ...(headers as Record<string, string>), [SIGNED_TARGET]: spellTarget(target) };
}
