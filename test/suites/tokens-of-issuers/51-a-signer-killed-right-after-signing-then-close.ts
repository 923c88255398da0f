import type { IssuerReply } from '@plexsphere/wire/commands';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { makeClient, makeIssuer, tokenOf, verifiedAt } from '../../src/oauth-hands';
import { keyOf, promote } from '../../src/promote';
import type { Step } from '../../src/tell-story';

/** Nobody is left who remembers the token: what stands of it was written before it was signed. */
export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'signed-last');
  const { scope, slug, url } = issuer;
  const client = await makeClient(world, issuer, 'last');
  const [old, standby] = [await keyOf(world, issuer, 'active'), await keyOf(world, issuer, 'staged')];
  const { access_token: token } = await tokenOf(url, client);
  expect(decodeProtectedHeader(token).kid).toBe(old);
  const signers = world.stack.services('signer');
  await Promise.all(signers.map((signer) => signer.kill()));
  await Promise.all(signers.map((signer) => signer.start()));
  await promote(world, issuer);

  const names = ['--scope', scope, '--old', old, '--new', standby];
  const refused = await world.plexctl(['signing', 'close', ...names]);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('signing: signatures outstanding')]);
  const { keys } = await world.json<IssuerReply>(['issuer', 'show', '--slug', slug]);
  const { tokens_until: until } = keys.find(({ key_id }) => key_id === old) ?? {};
  expect(Date.parse(until ?? '')).toBeGreaterThanOrEqual((decodeJwt(token).exp ?? Infinity) * 1_000);
  expect((await verifiedAt(url, issuer, token)).payload.sub).toBe('last');
};
