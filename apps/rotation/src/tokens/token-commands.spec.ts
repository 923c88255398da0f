// Tokens on a real PostgreSQL, under rotation's own role; the signer and the bus are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { Logger } from '@plexsphere/service-kit';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { eventually, testDatabase, type TestDatabase } from '@plexsphere/testkit';
import type { IssueBusCredential } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import type { Revocations } from '../bus-account/revocations';
import type { Signers } from '../leases/signers';
import type { RequestIdentity } from '../transactions/requests';
import { CommandTransactions } from '../transactions/command-transactions';
import { CreateToken, type NewToken } from './create-token';
import { listTokens } from './list-tokens';
import { findValidOperator } from './find-token';
import { RevokeToken } from './revoke-token';

jest.setTimeout(60_000);

const ADMIN = randomUUID();
const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;
const SEED = `
  INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ('rec', 'A', '{}');
  INSERT INTO ring.operator (id, name, role, bus_public_key, bearer_hash) VALUES ('${ADMIN}', 'admin', 'admin', 'UA', 'h')`;

/** Writes down what it was asked. */
class FakeSigner {
  issued: IssueBusCredential[] = [];

  async askAny(_: string, body: IssueBusCredential): Promise<{ jwt: string }> {
    this.issued.push(body);
    return { jwt: `jwt of ${randomUUID()}` };
  }
}

let test: TestDatabase;
let owner: DataSource;
let database: DataSource;
let signer: FakeSigner;
let pushed: number;
let creation: CreateToken;
let revocation: RevokeToken;
let keys = 0;

beforeEach(async () => {
  test = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
  await owner.query(SEED);
  database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
  [signer, pushed] = [new FakeSigner(), 0];
  const revocations = { push: async () => (pushed++, true) } as unknown as Revocations;
  const transactions = new CommandTransactions(database, database, logger);
  creation = new CreateToken(database, signer as unknown as Signers, transactions, logger);
  revocation = new RevokeToken(transactions, revocations, logger);
});

afterEach(async () => {
  await Promise.all([database.destroy(), owner.destroy()]);
  await test.drop();
});

const identity = (command: 'token.create' | 'token.revoke', actor: string = ADMIN): RequestIdentity => ({
  requestId: randomUUID(),
  command,
  actor,
  bodyHash: 'b',
});

const BLANK = { role: 'operator', scopes: null, lifeSeconds: 90 * 86_400 } as const;
const make = (name: string, more: Partial<NewToken> = {}, as = identity('token.create')) =>
  creation.create({ ...BLANK, name, busPublicKey: `U${++keys}`, bearerHash: `secret hash ${keys}`, ...more }, as);
const revoke = (id: string, as = identity('token.revoke')) => revocation.revoke(id, as);
const states = async () =>
  Object.fromEntries((await listTokens(database.manager)).tokens.map(({ name, state }) => [name, state]));
const revokedKeys = (): Promise<{ due_in: number; ends_with_token: boolean }[]> =>
  owner.query(`SELECT extract(epoch FROM due_at - r.revoked_at)::float8 AS due_in, r.expires_at = o.expires_at AS ends_with_token
                 FROM ring.bus_revocation r JOIN ring.operator o ON o.bus_public_key = r.public_key`);
const refusal = (name: string) => ({ detail: `signing: ${name}` });

it('makes a token whose credential ends with it, by the database clock', async () => {
  const made = await make('night-shift', { lifeSeconds: 3_600, scopes: ['platform'] });
  expect(made).toMatchObject({ name: 'night-shift', role: 'operator', scopes: ['platform'] });
  const [row] = await owner.query<[{ left: number }]>(
    `SELECT extract(epoch FROM expires_at - clock_timestamp())::float AS left FROM ring.operator WHERE id = $1`,
    [made.id],
  );
  expect(Math.abs(row.left - 3_600)).toBeLessThan(30);
  const expiresAt = new Date(made.expires_at).getTime() / 1_000;
  expect(signer.issued).toMatchObject([{ kind: 'operator', id: made.id, expires_at: Math.ceil(expiresAt) }]);
});

it('refuses a name or a bus key that another token has, and takes the name of a revoked one', async () => {
  const first = await make('ops', { busPublicKey: 'UX' });
  await expect(make('ops')).rejects.toMatchObject({ ...refusal('token exists'), body: { field: 'name' } });
  await expect(make('ops-2', { busPublicKey: 'UX' })).rejects.toMatchObject(refusal('token exists'));
  // Over HTTP the bearer alone says who asks.
  await make('ops-3', { bearerHash: 'secret hash of two' });
  await expect(make('ops-4', { bearerHash: 'secret hash of two' })).rejects.toMatchObject(refusal('token exists'));
  await revoke(first.id);
  await expect(make('ops')).resolves.toMatchObject({ name: 'ops' });
});

it('of two that ask for one name at once makes one', async () => {
  const ends = await Promise.allSettled([make('same'), make('same')]);
  expect(ends.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(ends.find((end) => end.status === 'rejected')?.reason).toMatchObject(refusal('token exists'));
});

it('answers a retry alike, and makes nothing twice', async () => {
  const as = identity('token.create');
  const first = await make('once', { busPublicKey: 'UO' }, as);
  expect(await make('once', { busPublicKey: 'UO' }, as)).toEqual(first);
  const gone = identity('token.revoke');
  expect(await revoke(first.id, gone)).toEqual(await revoke(first.id, gone));
  expect(await owner.query(`SELECT FROM ring.audit`)).toHaveLength(2);
});

it('keeps every revocation of many that are made at once', async () => {
  const made = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => make(name)));
  await Promise.all(made.map(({ id }) => revoke(id)));
  expect(await revokedKeys()).toEqual(made.map(() => ({ due_in: 0, ends_with_token: true })));
  expect(pushed).toBe(5);
});

it('S3: makes no token that never ends, and knows when the revocation of one may be forgotten', async () => {
  const { id, expires_at } = await make('unlimited');
  expect(Math.abs(Date.parse(expires_at) - Date.now() - 90 * 24 * 3_600_000)).toBeLessThan(60_000);
  expect(signer.issued[0]?.expires_at).toBe(Math.ceil(Date.parse(expires_at) / 1_000));
  await revoke(id);
  expect(await revokedKeys()).toMatchObject([{ ends_with_token: true }]);
});

it('never revokes the last admin of every scope, whoever else there is', async () => {
  await make('scoped', { role: 'admin', scopes: ['platform'] });
  const expired = await make('expired', { role: 'admin' });
  await owner.query(`UPDATE ring.operator SET expires_at = clock_timestamp() WHERE id = $1`, [expired.id]);
  await expect(revoke(ADMIN)).rejects.toMatchObject(refusal('last admin'));
  const second = await make('second', { role: 'admin' });
  const ends = await Promise.allSettled([revoke(ADMIN), revoke(second.id)]);
  expect(ends.map((end) => end.status).sort()).toEqual(['fulfilled', 'rejected']);
});

it('says that it is done to whoever revokes what is revoked, and does not know a stranger', async () => {
  const { id } = await make('gone');
  const first = await revoke(id);
  expect(await revoke(id)).toEqual(first);
  await expect(revoke(randomUUID())).rejects.toMatchObject(refusal('unknown token'));
});

it('lets the pusher cut whoever revokes their own token, after they have heard so', async () => {
  const { id } = await make('self', { role: 'admin' });
  expect(await revoke(id, identity('token.revoke', id))).toMatchObject({ pushed: false });
  expect(pushed).toBe(0);
  expect(await revokedKeys()).toEqual([{ due_in: 1, ends_with_token: true }]);
});

it('knows a valid operator alone, whatever this process takes for the time', async () => {
  const valid = await make('valid', { lifeSeconds: 3_600 });
  const expired = await make('expired', { lifeSeconds: 3_600 });
  await owner.query(`UPDATE ring.operator SET expires_at = clock_timestamp() WHERE id = $1`, [expired.id]);
  const revoked = await make('revoked');
  await revoke(revoked.id);
  const ids: string[] = [valid.id, expired.id, revoked.id, randomUUID(), 'no uuid'];
  const found = await Promise.all(ids.map((id) => findValidOperator(database.manager, id)));
  expect(found.map((operator) => operator?.name)).toEqual(['valid', undefined, undefined, undefined, undefined]);
  expect(await states()).toEqual({ admin: 'valid', valid: 'valid', expired: 'expired', revoked: 'revoked' });
});

it('marks the minute of the last use, and writes no more than once a minute', async () => {
  const mark = async () => {
    const sql = 'SELECT xmin::text AS version, last_used_at::text AS minute FROM ring.operator WHERE id = $1';
    const [row] = await owner.query<[{ version: string; minute: string | null }]>(sql, [ADMIN]);
    return row;
  };
  await findValidOperator(database.manager, ADMIN);
  await eventually(async () => (await mark()).minute !== null);
  const before = await mark();
  expect((await listTokens(database.manager)).tokens[0]?.last_used_at).toMatch(/:00\.000Z$/);
  for (let i = 0; i < 5; i++) await findValidOperator(database.manager, ADMIN);
  const after = await mark();
  // Unless a minute has just begun.
  if (after.minute === before.minute) expect(after).toEqual(before);
});

it('leaves no hash of a bearer where people read', async () => {
  const { id } = await make('quiet');
  await revoke(id);
  const texts = await owner.query(`SELECT a::text FROM ring.audit a UNION ALL SELECT r::text FROM ring.request r`);
  expect(JSON.stringify([texts, await listTokens(database.manager)])).not.toContain('secret hash');
});
