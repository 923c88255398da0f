import { plainJose, throughTimeOuts } from '@plexsphere/jwks-clients';
import type { RevokeReply } from '@plexsphere/wire/commands';
import * as client from 'openid-client';
import { IssuerLife } from '../../src/issuer-life';
import { AUDIENCE, makeClient } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

/** It knows no more than the issuer's name, and who it is: where to ask and how it reads, and everything is as it wants it. */
export const step: Step = async (world) => {
  const life = await IssuerLife.begin(world, 'discovered', { longestSeconds: 600 });
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const text = Buffer.from(await crypto.subtle.exportKey('spki', publicKey)).toString('base64');
  await makeClient(world, life.issuer, 'jobs', { keys: [{ key_id: 'j1', algorithm: 'ES256', public_key: text }] });

  const { id, secret } = life.client;
  const ways: [id: string, client.ClientAuth][] = [
    [id, client.ClientSecretBasic(secret)],
    [id, client.ClientSecretPost(secret)],
    ['jobs', client.PrivateKeyJwt({ key: privateKey, kid: 'j1' })],
  ];
  const verify = throughTimeOuts(plainJose.start(life.trustAt(life.bases[1] ?? '')));
  let last: { config: client.Configuration; token: string } | undefined;
  // By OpenID Connect's path and by that of RFC 8414; at the gateway that the issuer is named by, and behind a balancer.
  for (const algorithm of ['oidc', 'oauth2'] as const)
    for (const base of life.bases)
      for (const [clientId, proof] of ways) {
        const config = await discovered(life.issuer.url, base, clientId, proof, algorithm);
        const {
          access_token: token,
          token_type,
          expires_in,
          scope,
        } = await client.clientCredentialsGrant(config, {
          ...{ scope: 'read', resource: AUDIENCE },
        });
        expect([token_type, expires_in, scope]).toEqual(['bearer', 600, 'read']);
        await verify(token);
        expect(await client.tokenIntrospection(config, token)).toMatchObject({
          ...{ active: true, iss: life.issuer.url, sub: clientId, client_id: clientId, aud: AUDIENCE, scope: 'read' },
        });
        last = { config, token };
      }

  const { config, token } = last!;
  expect(await client.tokenIntrospection(config, `${token.slice(0, -8)}AAAAAAAA`)).toEqual({ active: false });
  const stranger = await discovered(
    life.issuer.url,
    life.issuer.url,
    id,
    client.ClientSecretBasic('guessed'),
    'oauth2',
  );
  // Of a 401 it shows the challenge, and not what the body says.
  const refused = { code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401, cause: [{ scheme: 'basic' }] };
  await expect(client.clientCredentialsGrant(stranger)).rejects.toMatchObject(refused);
  await expect(client.tokenIntrospection(stranger, token)).rejects.toMatchObject(refused);
  await expect(client.clientCredentialsGrant(config, { scope: 'admin' })).rejects.toMatchObject({
    error: 'invalid_scope',
  });

  const { active_key_id: stolen } = await life.shown();
  await life.operator.change<RevokeReply>('signing.revoke', { scope: life.scope, key_id: stolen, reason: 'stolen' });
  expect(await client.tokenIntrospection(config, token)).toEqual({ active: false });
};

/** As its user does it. `base` is where the balancer sends it to. */
function discovered(
  issuer: string,
  base: string,
  clientId: string,
  proof: client.ClientAuth,
  algorithm: 'oidc' | 'oauth2',
): Promise<client.Configuration> {
  const { origin } = new URL(base);
  return client.discovery(new URL(issuer), clientId, undefined, proof, {
    algorithm,
    execute: [client.allowInsecureRequests],
    [client.customFetch]: (url, init) => fetch(url.replace(new URL(issuer).origin, origin), init as RequestInit),
  });
}
