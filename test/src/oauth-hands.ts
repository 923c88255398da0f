import { setTimeout as delay } from 'node:timers/promises';
import { bearerHash, issuerScope, makeBearer, type Scope } from '@plexsphere/wire';
import type { ClientView, CreateClient, CreateIssuerReply } from '@plexsphere/wire/commands';
import { createRemoteJWKSet, jwtVerify, type JWTVerifyResult } from 'jose';
import type { World } from './world';

/** What steps about issuers and their clients share. */
export interface TestIssuer {
  slug: string;
  scope: Scope;
  /** `iss`: the first gateway's own address, so that any library finds its keys there. */
  url: string;
}

export interface TestClient {
  id: string;
  /** Empty where it has keys. */
  secret: string;
}

export const AUDIENCE = 'https://api.example.com';

/** Where an issuer is served on a gateway; the first one where none is named. */
export const issuerAt = (world: World, slug: string, gateway = 0): string =>
  `${world.gatewayUrls[gateway]}/issuers/${slug}`;

export async function makeIssuer(world: World, slug: string, more: object = {}): Promise<TestIssuer> {
  const issuer = { slug, scope: issuerScope(slug), url: issuerAt(world, slug) };
  const operator = await world.operator();
  const { url } = await operator.change<CreateIssuerReply>('issuer.create', {
    ...{ scope: issuer.scope, url: issuer.url },
    ...more,
  });
  return { ...issuer, url };
}

export async function makeClient(
  world: World,
  { scope }: Pick<TestIssuer, 'scope'>,
  id: string,
  more: Partial<CreateClient> = {},
): Promise<TestClient> {
  const secret = more.keys === undefined ? makeBearer() : '';
  const operator = await world.operator();
  await operator.change<ClientView>('client.create', {
    ...{ scope, client_id: id, token_scopes: ['read', 'write'], audiences: [AUDIENCE] },
    ...(secret !== '' && { secret_hash: bearerHash(secret) }),
    ...more,
  });
  return { id, secret };
}

export const basic = ({ id, secret }: TestClient): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;

export interface TokenReply {
  access_token: string;
  token_type: string;
  expires_in: number;
  scope: string;
}

/** One request, as it is answered. `at` is where the issuer is served. */
export const postForm = (at: string, path: string, form: Record<string, string>, authorization?: string) =>
  fetch(`${at}${path}`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: authorization === undefined ? {} : { authorization },
  });

const PATIENCE_MS = 60_000;

/** As a client asks: told that it will pass, it comes again. @throws Error where it is refused */
export async function tokenAt(at: string, form: Record<string, string>, authorization?: string): Promise<TokenReply> {
  for (const until = Date.now() + PATIENCE_MS; ; await delay(200)) {
    const response = await postForm(at, '/oauth2/token', { grant_type: 'client_credentials', ...form }, authorization);
    if (response.status === 200) return (await response.json()) as TokenReply;
    const told = `${response.status} ${await response.text()}`;
    if (response.status !== 503 || Date.now() > until) throw new Error(`a token is refused: ${told}`);
  }
}

/** By a client's secret; any further parameters beside it. */
export const tokenOf = (at: string, client: TestClient, form: Record<string, string> = {}): Promise<TokenReply> =>
  tokenAt(at, form, basic(client));

/** As any API would, which knows no more than the issuer's name and where it is served. */
export const verifiedAt = (at: string, { url }: Pick<TestIssuer, 'url'>, token: string): Promise<JWTVerifyResult> =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${at}/.well-known/jwks.json`)), {
    ...{ issuer: url, audience: AUDIENCE, typ: 'at+jwt' },
  });
