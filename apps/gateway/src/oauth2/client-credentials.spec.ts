// Clients that prove who they are, read by a gateway's own role from a real PostgreSQL.
import { createHash, randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { openConnections } from '@plexsphere/store/sql';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { ALGORITHMS } from '@plexsphere/wire';
import { SignJWT, importPKCS8, type JWTPayload } from 'jose';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { ClientViews } from '../views/client-views';
import { Strangers } from '../views/strangers';
import { ClientCredentials } from './client-credentials';

jest.setTimeout(60_000);

const ISSUER = { scope: 'issuer:acme', url: 'https://id.example.com' };
const OTHER = { scope: 'issuer:other', url: 'https://id.example.com/issuers/other' };

const PEER = '198.51.100.7';

let base: TestDatabase;
let owner: DataSource;
let gateways: Pool[];
let signed: (claims?: JWTPayload) => Promise<string>;

beforeAll(async () => {
  base = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: base.url }).initialize();
  const url = await base.urlAs('gateway');
  const open = () => openConnections(url, 'spec', () => undefined);
  gateways = await Promise.all([open(), open()]);
  const key = await ALGORITHMS.ES256.generate();
  const pem = `-----BEGIN PRIVATE KEY-----\n${key.secret().toString('base64')}\n-----END PRIVATE KEY-----`;
  const privateKey = await importPKCS8(pem, 'ES256');
  signed = (claims = {}) =>
    new SignJWT({ iss: 'jobs', sub: 'jobs', aud: ISSUER.url, exp: soon(), jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'c1' })
      .sign(privateKey);
  const keys = [{ key_id: 'c1', algorithm: 'ES256', public_key: key.publicKey!.text }];
  await owner.query(
    `INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('issuer:acme', 1, 1), ('issuer:other', 1, 1)`,
  );
  await owner.query(
    `INSERT INTO ring.client (scope, client_id, token_scopes, audiences, keys, secret_since) VALUES
       ('issuer:acme', 'billing', '{api}', '{https://api}', NULL, now()),
       ('issuer:acme', 'jobs', '{api}', '{https://api}', $1, NULL)`,
    [JSON.stringify(keys)],
  );
  await owner.query(
    `INSERT INTO ring.client_secret (scope, client_id, secret_hash, created_at, expires_at) VALUES
       ('issuer:acme', 'billing', $1, now(), NULL), ('issuer:acme', 'billing', $2, now(), now() + interval '1 h'),
       ('issuer:acme', 'billing', $3, now(), now() - interval '1 s')`,
    ['new', 'old', 'over'].map((secret) => createHash('sha256').update(secret).digest()),
  );
});
afterAll(async () => {
  await Promise.all([owner.destroy(), ...gateways.map((each) => each.end())]);
  await base.drop();
});

const soon = (): number => Math.floor(Date.now() / 1_000) + 60;
const at = (gateway: number): ClientCredentials =>
  new ClientCredentials(new ClientViews(gateways[gateway]!), new Strangers());
const bySecret = (secret: string, clientId = 'billing', issuer = ISSUER) =>
  at(0).authenticate(issuer, { by: 'client_secret_basic', clientId, secret }, PEER);
const byAssertion = (
  assertion: string,
  { gateway = 0, issuer = ISSUER, named = undefined as string | undefined } = {},
) => at(gateway).authenticate(issuer, { by: 'private_key_jwt', clientId: named, assertion }, PEER);

const REFUSED = { code: 'invalid_client', message: 'invalid_client: the client is not authenticated' };

test.each(['new', 'old'])('the %s secret of two that are valid is taken', async (secret) => {
  expect(await bySecret(secret)).toMatchObject({
    clientId: 'billing',
    tokenScopes: ['api'],
    audiences: ['https://api'],
  });
});

test.each<[string, () => Promise<unknown>]>([
  ['a secret that is over', () => bySecret('over')],
  ['a wrong one', () => bySecret('wrong')],
  ['none', () => bySecret('')],
  ['32 bytes of nothing, as they stand in place of one', () => bySecret('\0'.repeat(32))],
  ['a client that is nobody', () => bySecret('new', 'nobody')],
  ['one of another issuer', () => bySecret('new', 'billing', OTHER)],
  ['one that has keys', () => bySecret('new', 'jobs')],
  ['an assertion of nobody', async () => byAssertion(await signed({ iss: 'nobody', sub: 'nobody' }))],
  ['an assertion of one that has a secret', async () => byAssertion(await signed({ iss: 'billing', sub: 'billing' }))],
  ['an assertion for another issuer', async () => byAssertion(await signed(), { issuer: OTHER })],
  ['no assertion', () => byAssertion('a.b.c')],
])('%s is refused with the one answer', async (_, ask) => {
  await expect(ask()).rejects.toMatchObject(REFUSED);
});

test('an assertion is taken once, whichever gateway it comes to', async () => {
  const assertion = await signed();
  const tries = await Promise.allSettled([0, 1, 0, 1].map((gateway) => byAssertion(assertion, { gateway })));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(byAssertion(assertion)).rejects.toMatchObject(REFUSED);
  expect(await byAssertion(await signed())).toMatchObject({ clientId: 'jobs' });
});

test('the client that the form names has to be its own, and what is refused uses up nothing', async () => {
  const assertion = await signed();
  await expect(byAssertion(assertion, { named: 'billing' })).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(byAssertion(assertion, { issuer: OTHER })).rejects.toMatchObject(REFUSED);
  expect(await byAssertion(assertion, { named: 'jobs' })).toMatchObject({ clientId: 'jobs' });
});
