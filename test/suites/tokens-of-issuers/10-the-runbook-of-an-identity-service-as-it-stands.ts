import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Step } from '../../src/tell-story';
import { IdentityService, passTokens } from './runbook-hands';

/** Its five parts: generate, promote, verify, refresh caches, clean up. Nothing waits, and nothing is restarted. */
export const step: Step = async (world) => {
  const service = await IdentityService.begin(world, 'runbook');
  const [here, there] = world.gatewayUrls;
  // A gateway of theirs that has fetched the keys before, and does not know of any of this.
  const cached = createRemoteJWKSet(new URL(`${there}/.well-known/jwks.json`));
  const verified = (text: string) => jwtVerify(text, cached, { issuer: service.issuer.url, typ: 'at+jwt' });
  const before = await service.token();
  await verified(before.text);

  const generated = await service.rotate();
  expect(generated).toMatchObject({ status: 200, body: { state: 'staged' } });
  const NEW_KID = String(generated.body['kid']);
  expect(await service.kids()).toContain(NEW_KID);
  expect(await service.promote(NEW_KID)).toMatchObject({
    status: 200,
    body: { kid: NEW_KID, retiring_kid: before.kid },
  });

  const kids = await service.kids();
  expect(kids.length).toBeGreaterThanOrEqual(2);
  expect(kids).toEqual(expect.arrayContaining([before.kid, NEW_KID]));
  const after = await service.token();
  expect(after.kid).toBe(NEW_KID);

  // The fourth part is to wait for a quarter of an hour, or to restart whoever verifies: it takes either as it is.
  for (const { text } of [before, after]) await verified(text);

  const tooSoon = await service.disable(before.kid);
  expect(tooSoon).toMatchObject({ status: 409, body: { code: 'signatures_outstanding', kid: before.kid } });
  expect(Number(tooSoon.retryAfter)).toBeGreaterThan(60);
  await verified(before.text);
  await passTokens(world, service.issuer);
  expect(await service.disable(before.kid)).toMatchObject({
    status: 200,
    body: { state: 'retired', active_kid: NEW_KID },
  });
  for (const host of [here, there]) expect(await service.kids(host)).not.toContain(before.kid);
  await verified(after.text);
};
