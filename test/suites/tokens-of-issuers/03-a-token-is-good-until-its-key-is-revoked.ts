import { eventually } from '@plexsphere/testkit';
import type { IssuerReply } from '@plexsphere/wire/commands';
import { basic, issuerAt, makeClient, makeIssuer, postForm, tokenOf, verifiedAt } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

/** By what its metadata says and nothing else, as a client does that knows the issuer's name. */
export const step: Step = async (world) => {
  const [issuer, other] = [await makeIssuer(world, 'asked'), await makeIssuer(world, 'asked-too')];
  const [client, stranger] = [await makeClient(world, issuer, 'api'), await makeClient(world, other, 'api')];
  const found = await fetch(`${issuer.url}/.well-known/openid-configuration`);
  const metadata = (await found.json()) as Record<string, string>;
  expect(metadata).toMatchObject({ issuer: issuer.url, jwks_uri: `${issuer.url}/.well-known/jwks.json` });
  const { pathname } = new URL(metadata['introspection_endpoint'] ?? '');
  const introspect = async (token: string, who = client, at = issuer, gateway = 0): Promise<object> => {
    const path = pathname.replace(issuer.slug, at.slug);
    const answer = await postForm(world.gatewayUrls[gateway] ?? '', path, { token }, basic(who));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    return (await answer.json()) as object;
  };

  const { access_token: token } = await tokenOf(issuer.url, client, { scope: 'read' });
  const { payload } = await verifiedAt(issuer.url, issuer, token);
  const good = { ...payload, active: true, token_type: 'Bearer' };
  expect([await introspect(token), await introspect(token, client, issuer, 1)]).toEqual([good, good]);
  // Of another issuer it is nothing; and whoever is another issuer's client asks for nothing here.
  expect(await introspect(token, stranger, other)).toEqual({ active: false });
  expect((await postForm(issuer.url, '/oauth2/introspect', { token }, basic(stranger))).status).toBe(401);

  const shown = () => world.json<IssuerReply>(['issuer', 'show', '--slug', issuer.slug]);
  const ring = await eventually(
    async () => {
      const { keys } = await shown();
      return keys.length === 2 ? keys : undefined;
    },
    { describe: 'a standby', timeoutMs: 60_000 },
  );
  const active = ring.find(({ state }) => state === 'active')?.key_id ?? '';
  await world.json(['signing', 'revoke', '--scope', issuer.scope, '--key-id', active, '--reason', 'stolen', '--yes']);
  // It has returned: nowhere is it good any more, and the next one is.
  for (const gateway of [0, 1]) expect(await introspect(token, client, issuer, gateway)).toEqual({ active: false });
  await expect(verifiedAt(issuerAt(world, issuer.slug, 1), issuer, token)).rejects.toMatchObject({
    code: 'ERR_JWKS_NO_MATCHING_KEY',
  });
  const next = await tokenOf(issuer.url, client);
  expect(await introspect(next.access_token)).toMatchObject({ active: true });
};
