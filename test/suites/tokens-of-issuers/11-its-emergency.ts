import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Step } from '../../src/tell-story';
import { IdentityService } from './runbook-hands';

/** Generate and promote at once, and disable what is compromised: no SQL, and no restart of whoever verifies. */
export const step: Step = async (world) => {
  const service = await IdentityService.begin(world, 'emergency');
  const verifiedAt = (host: string, text: string) =>
    jwtVerify(text, createRemoteJWKSet(new URL(`${host}/.well-known/jwks.json`)), { typ: 'at+jwt' });
  const stolen = await service.token();

  const { body } = await service.rotate();
  const kid = String(body['kid']);
  expect((await service.promote(kid)).status).toBe(200);
  const disabled = await service.disable(stolen.kid, { emergency: true, reason: 'found in a log' });
  expect(disabled).toMatchObject({ status: 200, body: { kid: stolen.kid, state: 'revoked', active_kid: kid } });
  // It has returned: nobody names it any more, and what it signed fails; what is signed now does not.
  const good = await service.token();
  expect(good.kid).toBe(kid);
  for (const host of world.gatewayUrls) {
    expect(await service.kids(host)).not.toContain(stolen.kid);
    await expect(verifiedAt(host, stolen.text)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    await verifiedAt(host, good.text);
  }
  // Whoever says it again hears the same.
  expect(await service.disable(stolen.kid, { emergency: true, reason: 'said twice' })).toEqual(disabled);

  // One call does both, of the key that signs: the standby takes its place.
  const { kid: next } = await service.standby();
  const thrownOut = await service.disable(kid, { emergency: true, reason: 'that one too' });
  expect(thrownOut).toMatchObject({ status: 200, body: { state: 'revoked', active_kid: next, known_by: null } });
  expect((await service.token()).kid).toBe(next);
};
