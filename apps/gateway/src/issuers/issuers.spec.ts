// What issuers show to everybody: on a real gateway with its role on a real PostgreSQL.
import { IssuerNames } from './issuer-names';
import { GatewayWorld, type TestIssuer } from '../../testing/gateway-world';

jest.setTimeout(120_000);

let world: GatewayWorld;
let first: TestIssuer;
let second: TestIssuer;
beforeAll(async () => {
  world = await GatewayWorld.make();
});
afterAll(() => world.end());

const kidsAt = async (path: string): Promise<unknown> => {
  const answer = await world.get(path);
  if (answer.status !== 200) return [answer.status, ((await answer.json()) as { code: string }).code];
  return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
};

describe('key sets', () => {
  it('without an issuer there is none at the root', async () => {
    expect(await kidsAt('/.well-known/jwks.json')).toEqual([404, 'unknown_scope']);
  });

  it("each has its own, and the default one's is at the root as well", async () => {
    first = await world.addIssuer('first', { isDefault: true });
    second = await world.addIssuer('second');
    expect(await kidsAt('/.well-known/jwks.json')).toEqual([first.key.keyId]);
    expect(await kidsAt('/issuers/first/.well-known/jwks.json')).toEqual([first.key.keyId]);
    expect(await kidsAt('/issuers/second/.well-known/jwks.json')).toEqual([second.key.keyId]);
  });

  it('are what they are under the name of the scope', async () => {
    const [here, there] = await Promise.all(
      ['/issuers/first/.well-known/jwks.json', '/v1/scopes/issuer:first/jwks.json'].map((path) => world.get(path)),
    );
    expect(await here?.text()).toBe(await there?.text());
    const etag = here?.headers.get('etag') ?? '';
    expect([etag, here?.headers.get('cache-control')]).toEqual([
      there?.headers.get('etag'),
      there?.headers.get('cache-control'),
    ]);
    const again = await world.get('/.well-known/jwks.json', { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it.each(['third', 'First', 'fir%73t', '-', 'first:x', `${'a'.repeat(64)}`, '%zz', 'a%2F..'])(
    'of %s there is none',
    async (slug) => {
      expect(await kidsAt(`/issuers/${slug}/.well-known/jwks.json`)).toEqual([404, 'unknown_scope']);
    },
  );

  it('another default one is at the root from then on', async () => {
    await world.query(`UPDATE ring.issuer SET is_default = false WHERE scope = 'issuer:first'`);
    await world.query(`UPDATE ring.issuer SET is_default = true WHERE scope = 'issuer:second'`);
    expect(await kidsAt('/.well-known/jwks.json')).toEqual([second.key.keyId]);
  });
});

describe('metadata', () => {
  const ROOT = 'https://id.example.com';
  beforeAll(async () => {
    await world.addIssuer('root', { url: ROOT });
    await world.query('UPDATE ring.issuer SET is_default = false WHERE is_default');
    await world.query(`UPDATE ring.issuer SET is_default = true WHERE scope = 'issuer:root'`);
  });

  it.each([
    ['/.well-known/oauth-authorization-server', ROOT],
    ['/.well-known/openid-configuration', ROOT],
    ['/issuers/root/.well-known/oauth-authorization-server', ROOT],
    ['/issuers/first/.well-known/oauth-authorization-server', `${ROOT}/issuers/first`],
    ['/issuers/first/.well-known/openid-configuration', `${ROOT}/issuers/first`],
    ['/.well-known/oauth-authorization-server/issuers/first', `${ROOT}/issuers/first`],
  ])('%s is one document, by the name that the operator gave', async (path, issuer) => {
    const answer = await world.get(path, { headers: { 'x-forwarded-host': 'evil.example.com' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    const proofs = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
    const algorithms = ['EdDSA', 'ES256', 'RS256', 'PS256'];
    expect(await answer.json()).toEqual({
      issuer,
      token_endpoint: `${issuer}/oauth2/token`,
      introspection_endpoint: `${issuer}/oauth2/introspect`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: proofs,
      token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(algorithms),
      introspection_endpoint_auth_methods_supported: proofs,
      introspection_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(algorithms),
      response_types_supported: [],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    });
  });

  it.each([
    '/issuers/third/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/issuers/third',
  ])('%s is that of nobody', async (path) => {
    const answer = await world.get(path);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'unknown_scope']);
  });

  it('there is none of another path, nor by another method', async () => {
    for (const path of [
      '/.well-known',
      '/issuers/first',
      '/issuers/first/.well-known/jwks',
      '/issuers//oauth2/token',
    ]) {
      expect([path, (await world.get(path)).status]).toEqual([path, 404]);
    }
    const posted = await world.get('/.well-known/openid-configuration', { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const fetched = await world.get('/oauth2/token');
    expect([fetched.status, fetched.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

it('a made-up issuer waits behind strangers, and one that was found before does not', async () => {
  const jwksOf = (slug: string) => world.get(`/issuers/${slug}/.well-known/openid-configuration`);
  expect((await jwksOf('first')).status).toBe(200);
  const crowd = Array.from({ length: 300 }, async (_, n) => (await jwksOf(`made-up-${n}`)).status);
  expect((await jwksOf('first')).status).toBe(200);
  for (const status of new Set(await Promise.all(crowd))) expect([404, 429]).toContain(status);
  expect((world.gateway.get(IssuerNames) as unknown as { last: Map<string, unknown> }).last.size).toBeLessThanOrEqual(
    5,
  );
});
