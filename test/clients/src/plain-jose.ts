import { createRemoteJWKSet, customFetch, jwtVerify, type FetchImplementation } from 'jose';
import { HASTY_CACHE_MS, jwksUri, type JwksClient, type Trust, type Verify } from './jwks-client';

const HASTY_COOLDOWN_MS = 1_000;

/** The rest of a propagation delay of five seconds: a set that was on its way for longer is older than it looks. */
const ON_ITS_WAY_MS = 2_000;

/** Keeps the set; asks again for a key that is not in it, but not soon after it last asked (`cooldownDuration`). */
export const plainJose: JwksClient = {
  name: 'jose',
  keepsMs: 600_000,
  refusesMs: 30_000,
  start: (trust, isHasty = false) =>
    verifyBy(trust, isHasty ? { cacheMaxAge: HASTY_CACHE_MS, cooldownDuration: HASTY_COOLDOWN_MS } : {}),
};

/**
 * The same for a crowd. Its own cool-down is longer than any rotation takes, and a second is not: this one asks for no key
 * before its set is over, so it knows of a key what it was told in time, or nothing.
 */
export function unhurriedJose(trust: Trust): Verify {
  let lastFetchMs = 0;
  const timed: FetchImplementation = async (url, options) => {
    const began = performance.now();
    const response = await fetch(url, options);
    const text = await response.text();
    lastFetchMs = performance.now() - began;
    return new Response(text, response);
  };
  const times = { cacheMaxAge: HASTY_CACHE_MS, cooldownDuration: HASTY_CACHE_MS, [customFetch]: timed };
  const verify = verifyBy(trust, times);
  return (token) =>
    verify(token).catch((error: unknown) => {
      if (lastFetchMs > ON_ITS_WAY_MS) throw new DOMException(`a set came after ${lastFetchMs} ms`, 'TimeoutError');
      throw error;
    });
}

function verifyBy(trust: Trust, options: Parameters<typeof createRemoteJWKSet>[1]): Verify {
  const keys = createRemoteJWKSet(new URL(jwksUri(trust)), options);
  const { issuer, audience } = trust;
  return async (token) => void (await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt' }));
}
