// What an issuer says of tokens, at a real gateway on a real PostgreSQL.
import { ALGORITHMS } from '@plexsphere/wire';
import { signAccessToken, signData, type SigningKey } from '@plexsphere/wire/jws';
import { GatewayWorld, type TestIssuer } from '../../testing/gateway-world';
import { basic, postForm, toldOf } from '../../testing/oauth-forms';

jest.setTimeout(120_000);

let world: GatewayWorld;
let issuer: TestIssuer;
let other: TestIssuer;
let secrets: [string, string];
beforeAll(async () => {
  world = await GatewayWorld.make();
  issuer = await world.addIssuer('web', { isDefault: true });
  other = await world.addIssuer('other');
  secrets = [await world.addClient(issuer, 'api'), await world.addClient(other, 'api')];
});
afterAll(() => world.end());

const seconds = (more: number): number => Math.floor(Date.now() / 1_000) + more;
const claims = (more: object = {}) => ({
  ...{ iss: issuer.url, sub: 'billing', aud: 'https://api.example.com', client_id: 'billing' },
  ...{ exp: seconds(60), iat: seconds(0), jti: '0b6d0e1a-6f0d-4f4c-9a39', scope: 'read' },
  ...more,
});
const token = (more: object = {}, key: SigningKey = issuer.key) => signAccessToken(claims(more), key);
const introspect = (form: Record<string, string>, { at = '', id = 'api', secret = secrets[0] } = {}) =>
  postForm(world, `${at}/oauth2/introspect`, form, basic(id, secret));

it.each(['', '/issuers/web'])('at "%s": of one that is good now all that stands in it', async (at) => {
  const answer = await introspect({ token: await token(), token_type_hint: 'refresh_token' }, { at });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const said = await answer.json();
  expect(said).toEqual({
    ...claims(),
    exp: expect.any(Number),
    iat: expect.any(Number),
    active: true,
    token_type: 'Bearer',
  });
});

describe('of any other nothing', () => {
  it.each<[string, () => Promise<string> | string]>([
    ['over', () => token({ exp: seconds(0), iat: seconds(-10) })],
    ["another issuer's", () => token({ iss: other.url }, other.key)],
    ["another issuer's by our key", () => token({ iss: other.url })],
    ["ours by another issuer's key", () => token({}, other.key)],
    [
      'ours by the key of a stranger',
      async () => token({}, { ...issuer.key, privateKey: await ALGORITHMS.ES256.generate() }),
    ],
    ['data by our key', () => signData(claims(), issuer.key)],
    ['not signed', () => `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.e30.`],
    ['no token', () => 'a.b.c'],
    ['of 9,000 characters', () => 'a'.repeat(9_000)],
    ['a text of another kind', () => 'ключ\u0000'],
  ])('%s', async (_, make) => {
    const answer = await introspect({ token: await make() });
    expect([answer.status, await answer.json()]).toEqual([200, { active: false }]);
  });

  it('by a key that was revoked', async () => {
    const text = await token();
    const { scope } = issuer;
    const state = (to: string) => world.query('UPDATE ring.signing_key SET state = $2 WHERE scope = $1', [scope, to]);
    expect(await (await introspect({ token: text })).json()).toMatchObject({ active: true });
    await state('revoked');
    expect(await (await introspect({ token: text })).json()).toEqual({ active: false });
    await state('active');
  });
});

describe('of one by a key of another service', () => {
  const KID = 'https://old.example.com/keys#1';
  let foreign: SigningKey;
  let elsewhere: SigningKey;
  beforeAll(async () => {
    foreign = await world.importKey(issuer, KID);
    elsewhere = await world.importKey(other, 'elsewhere');
  });

  /** As that service signs, or as whoever has its key would. */
  async function theirs(over: object = {}, header: object = {}, { privateKey } = foreign): Promise<string> {
    const text = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const payload = { iss: issuer.url, sub: 'ann', aud: 'api', exp: seconds(60), groups: ['a'], ...over };
    const input = `${text({ alg: 'ES256', typ: 'JWT', kid: KID, ...header })}.${text(payload)}`;
    return `${input}.${(await privateKey.sign(Buffer.from(input))).toString('base64url')}`;
  }
  const said = async (token: string) => (await introspect({ token })).json();

  it('what RFC 7662 names of it and nothing else, whatever it says', async () => {
    const told = { active: true, iss: issuer.url, sub: 'ann', aud: 'api', exp: expect.any(Number) };
    expect(await said(await theirs())).toEqual({ ...told, token_type: 'Bearer' });
    const boasting = {
      active: false,
      token_type: 'mac',
      username: 'root',
      scope: ['admin'],
      client_id: 7,
      role: 'admin',
    };
    expect(await said(await theirs(boasting))).toEqual({ ...told, token_type: 'Bearer' });
  });

  it.each<[string, () => Promise<string>]>([
    ['under a name of ours', () => theirs({}, { kid: issuer.key.keyId, typ: 'at+jwt' })],
    ['under the name that it has here', () => theirs({}, { kid: foreign.keyId })],
    ['under no name', () => theirs({}, { kid: undefined })],
    ['by our key under its name', () => theirs({}, {}, issuer.key)],
    ["of another issuer's name", () => theirs({ iss: other.url })],
    ['of the name of where it is from', () => theirs({ iss: 'https://old.example.com' })],
    ['that another issuer took in', () => theirs({}, { kid: 'elsewhere' }, elsewhere)],
    ['that brings its key', () => theirs({}, { kid: undefined, jwk: foreign.privateKey.publicKey?.jwk })],
    ['as a statement of ours', () => theirs({}, { typ: 'plexsphere-statement+jws' })],
    ['that is over', () => theirs({ exp: seconds(-1) })],
  ])('%s: nothing', async (_, make) => {
    expect(await said(await make())).toEqual({ active: false });
  });

  it('once it verifies no more: nothing', async () => {
    const token = await theirs();
    await world.query(`UPDATE ring.signing_key SET verifies_until = now() WHERE key_id = $1`, [foreign.keyId]);
    expect(await said(token)).toEqual({ active: false });
  });
});

it.each<[string, Record<string, string>, object, [number, string]]>([
  ['a client of another issuer', { token: 'a' }, { secret: 'other' }, [401, 'invalid_client']],
  ['nobody', { token: 'a' }, { id: 'nobody' }, [401, 'invalid_client']],
  ['a token that is missing', {}, {}, [400, 'invalid_request']],
])('%s', async (_, form, how, told) => {
  const { secret, ...more } = { secret: '', ...how };
  const answer = await introspect(form, { ...more, ...(secret === 'other' && { secret: secrets[1] }) });
  expect(await toldOf(answer)).toEqual(told);
});

it('whoever shows nothing learns nothing', async () => {
  const answer = await postForm(world, '/oauth2/introspect', { token: await token() });
  expect([answer.headers.get('www-authenticate'), await toldOf(answer)]).toEqual([
    expect.stringMatching(/^Basic /),
    [401, 'invalid_client'],
  ]);
});
