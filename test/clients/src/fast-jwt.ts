import { createPublicKey } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import buildGetJwks, { type GetJwks, type JWKSignature } from 'get-jwks';
import { HASTY_CACHE_MS, type JwksClient } from './jwks-client';

/**
 * It keeps each key by itself. Where a key is found no more it goes on with what it had, for as long again, and each time
 * anew: as if whoever publishes keys had an outage.
 */
export const fastJwt: JwksClient = {
  name: 'fast-jwt with get-jwks',
  keepsMs: Infinity,
  refusesMs: 0,
  start({ issuer, audience, base: domain }, isHasty = false) {
    const keys = buildGetJwks({ issuersWhitelist: [domain], ...(isHasty && { ttl: HASTY_CACHE_MS }) });
    const verify = createVerifier({
      key: ({ header }: { header: Partial<JWKSignature> }) => pemOf(keys, { kid: '', alg: '', ...header, domain }),
      allowedIss: issuer,
      allowedAud: audience,
      checkTyp: 'at+jwt',
    });
    return async (token) => void (await verify(token));
  },
};

/** Not by its getPublicKey, which cannot read keys of EdDSA and takes milliseconds of pure JavaScript for each token. */
async function pemOf(keys: GetJwks, wanted: JWKSignature): Promise<string> {
  const key = createPublicKey({ key: await keys.getJwk(wanted), format: 'jwk' });
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
