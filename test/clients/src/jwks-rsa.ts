import { createPublicKey } from 'node:crypto';
import { jwtVerify, type JWTVerifyGetKey } from 'jose';
import jwksClient from 'jwks-rsa';
import { HASTY_CACHE_MS, jwksUri, type JwksClient } from './jwks-client';

/** Keeps each key by itself, from when it was first asked for; asks again for each that it does not have. */
export const jwksRsa: JwksClient = {
  name: 'jwks-rsa',
  keepsMs: 600_000,
  refusesMs: 0,
  start(trust, isHasty = false) {
    const client = jwksClient({ jwksUri: jwksUri(trust), ...(isHasty && { cacheMaxAge: HASTY_CACHE_MS }) });
    const { issuer, audience } = trust;
    // It brings keys alone: tokens are verified by whichever library one has.
    const key: JWTVerifyGetKey = async ({ kid }) => createPublicKey((await client.getSigningKey(kid)).getPublicKey());
    return async (token) => void (await jwtVerify(token, key, { issuer, audience, typ: 'at+jwt' }));
  },
};
