import { createRemoteJWKSet, jwtVerify } from 'jose';
import { issuerAt, makeClient, makeIssuer } from '../../src/oauth-hands';
import { keyOf, promote } from '../../src/promote';
import type { Step } from '../../src/tell-story';
import { TokenCrowd } from '../../src/token-crowd';

/** Two gateways and two signers under load, and a key that has been published for long enough. */
export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'promoted');
  const client = await makeClient(world, issuer, 'busy');
  const [old, standby] = [await keyOf(world, issuer, 'active'), await keyOf(world, issuer, 'staged')];
  const crowd = new TokenCrowd([issuer.url, issuerAt(world, issuer.slug, 1)], client);
  let returnedMs: number;
  try {
    await crowd.hasGiven(old);
    returnedMs = await promote(world, issuer);
    await crowd.hasGiven(standby);
  } finally {
    await crowd.stop();
  }
  const late = crowd.given.filter(({ beganMs, kid }) => beganMs >= returnedMs && kid !== standby);
  expect(late.map(({ beganMs, kid }) => [beganMs - returnedMs, kid])).toEqual([]);
  // Nobody heard anything else than a token, or that it will pass.
  expect(crowd.answered.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
  // And all of them verify, the old ones too.
  const keys = createRemoteJWKSet(new URL(`${issuerAt(world, issuer.slug, 1)}/.well-known/jwks.json`));
  for (const { token } of crowd.given) await jwtVerify(token, keys, { issuer: issuer.url, typ: 'at+jwt' });
};
