// How what was revoked gets into the account's JWT and to the bus: on a real PostgreSQL under rotation's own role, by two
// replicas; the signer and the bus are played.
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { Health, openHttp, type Logger } from '@plexsphere/service-kit';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { eventually, testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { MAX_REVOCATIONS, parseRevocationLines, type Revocation } from '@plexsphere/wire';
import type { SignBusAccount } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import type { Signers } from '../leases/signers';
import type { RotationConfig } from '../rotation-config';
import { WorkLeft } from '../work/work-left';
import type { AccountPusher } from './account-pusher';
import { AccountSigning } from './account-signing';
import { Revocations } from './revocations';
import { revokeBusUser, type RevokedUser } from './bus-users';

jest.setTimeout(60_000);

const SKEW_S = 30;
const SEED = `
  INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt, bus_account_signed_at)
    VALUES ('rec', 'A', 'none', now() - interval '1 min')`;
const HOUR = 3_600_000;

let test: TestDatabase;
let owner: DataSource;
let database: DataSource;
let replicas: Revocations[];
let pushers: AccountPusher[];
let signings: AccountSigning[];
/** What the bus has, and when it was given that. */
let onBus: Revocation[];
let signedAt: number[];
/** `replica` is who asks for it. */
let sign: (request: SignBusAccount, replica: number) => Promise<void>;
let warnings: string[];
let health: Health;

beforeEach(async () => {
  test = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
  await owner.query(SEED);
  database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
  [onBus, signedAt, warnings, sign] = [[], [], [], async () => undefined];
  const logger = { info: () => undefined, warn: (...texts: unknown[]) => warnings.push(String(texts.at(-1))) };
  let jwts = 0;
  const signersOf = (replica: number) =>
    ({
      askAny: async (_: string, request: SignBusAccount) => {
        await sign(request, replica);
        return { jwt: JSON.stringify([++jwts, request.revocations]) };
      },
    }) as unknown as Signers;
  let had = 'none';
  pushers = [0, 1].map(() => ({
    pushTookMs: 0,
    heardOf: () => undefined,
    compare: async () => {
      const [{ jwt, signedAtMs }] = await owner.query<[{ jwt: string; signedAtMs: number }]>(
        `SELECT bus_account_jwt AS jwt, (extract(epoch FROM bus_account_signed_at) * 1000)::float8 AS "signedAtMs"
           FROM ring.installation`,
      );
      if (jwt === had) return;
      had = jwt;
      signedAt.push(signedAtMs);
      onBus = parseRevocationLines((JSON.parse(jwt) as [number, string])[1]);
    },
  })) as unknown as AccountPusher[];
  const config = { clockSkewMs: SKEW_S * 1_000 } as RotationConfig;
  health = new Health();
  signings = [0, 1].map((i) => new AccountSigning(database, signersOf(i), config, logger as unknown as Logger, health));
  replicas = signings.map(
    (signing, i) => new Revocations(signing, pushers[i]!, new WorkLeft(database), logger as unknown as Logger),
  );
  for (const each of replicas) each.onApplicationBootstrap();
});

afterEach(async () => {
  await Promise.all(replicas.map((each) => each.onModuleDestroy()));
  await Promise.all([database.destroy(), owner.destroy()]);
  await test.drop();
});

/** In base32, as bus keys are; nobody looks at more here. The second letter of those that are entered tells their kind. */
const key = (): string =>
  `UK${[...randomBytes(54)].map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte % 32]).join('')}`;

let turn = 0;
async function enterRevoked(user: Partial<RevokedUser>): Promise<RevokedUser> {
  const revoked = { publicKey: key(), kind: 'node', revokedAt: new Date(), expiresAt: null, ...user } as const;
  await revokeBusUser(database.manager, revoked);
  return revoked;
}

async function revoke(user: Partial<RevokedUser> = {}): Promise<{ publicKey: string; pushed: boolean }> {
  const revoked = await enterRevoked(user);
  return { publicKey: revoked.publicKey, pushed: await replicas[turn++ % 2]!.push() };
}

const isOnBus = (publicKey: string): boolean => onBus.some((each) => each.public_key === publicKey);
const stored = async (publicKey: string): Promise<number> => {
  const rows = await owner.query<unknown[]>('SELECT FROM ring.bus_revocation WHERE public_key = $1', [publicKey]);
  return rows.length;
};

/** So many that were revoked before, the first of them first, all signed. */
const enter = (kind: string, count: number, agoHours: number): Promise<unknown> =>
  owner.query(
    `INSERT INTO ring.bus_revocation (public_key, kind, revoked_at, expires_at, signed_at)
     SELECT rpad('U' || upper(left($1, 1)) || translate(lpad(i::text, 6, '0'), '0189', 'ABCD'), 56, 'A'), $1,
            clock_timestamp() - $3 * interval '1 hour' + i * interval '1 ms',
            CASE WHEN $1 = 'operator' THEN clock_timestamp() + interval '1 day' END, clock_timestamp()
       FROM generate_series(1, $2::int) AS i`,
    [kind, count, agoHours],
  );

it('S3: whoever revokes is answered when the bus has it, however many revoke, and the bus gets no more than one a second', async () => {
  const revoked: { publicKey: string; pushed: boolean; isThere: boolean }[] = [];
  for (let i = 0; i < 3; i++) {
    const some = Array.from({ length: 20 }, async () => {
      const each = await revoke();
      revoked.push({ ...each, isThere: isOnBus(each.publicKey) });
    });
    await Promise.all(some);
  }
  expect(revoked.filter((each) => each.pushed && each.isThere)).toHaveLength(60);
  expect(onBus).toHaveLength(60);
  const gaps = signedAt.slice(1).map((at, i) => at - signedAt[i]!);
  expect(gaps.length).toBeGreaterThan(0);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
});

it('S3: of two revocations of one key the later one counts, whichever comes first', async () => {
  const [early, late] = [new Date(Date.now() - HOUR), new Date()];
  const { publicKey } = await revoke({ revokedAt: early });
  await revoke({ publicKey, revokedAt: late });
  await revoke({ publicKey, revokedAt: early });
  expect(onBus).toEqual([{ public_key: publicKey, at: Math.ceil(late.getTime() / 1_000) + SKEW_S }]);
});

it('S3: what has expired by every clock leaves, with the next revocation or by itself', async () => {
  const over = await revoke({ kind: 'operator', expiresAt: new Date(Date.now() - (SKEW_S + 1) * 1_000) });
  const nearly = await revoke({ kind: 'operator', expiresAt: new Date(Date.now() - 1_000) });
  expect([isOnBus(over.publicKey), isOnBus(nearly.publicKey)]).toEqual([false, true]);
  expect([await stored(over.publicKey), await stored(nearly.publicKey)]).toEqual([0, 1]);
  // Nobody revokes for an hour, nor does anybody sign while the clock is set.
  await replicas[1]!.onModuleDestroy();
  await replicas[0]!.push();
  await owner.query(`UPDATE ring.bus_revocation SET expires_at = expires_at - interval '1 min'`);
  await owner.query(`UPDATE ring.installation SET bus_account_signed_at = now() - interval '61 min'`);
  await eventually(async () => (await stored(nearly.publicKey)) === 0);
  // Whichever replica took it out brings it to the bus a moment later.
  await eventually(async () => (await replicas[0]!.push()) && onBus.length === 0);
});

it('S3: what runs out while the account is signed keeps its row, which takes it out again', async () => {
  // A signer is asked once the list has been read.
  const runOut = `UPDATE ring.bus_revocation SET expires_at = clock_timestamp() - interval '${SKEW_S} s'`;
  sign = async () => void (await owner.query(runOut));
  const { publicKey } = await revoke({ kind: 'operator', expiresAt: new Date(Date.now() + HOUR) });
  // Both stand, or the other replica has signed again meanwhile: without its row nobody would take it off the bus.
  await eventually(async () => isOnBus(publicKey) === ((await stored(publicKey)) === 1));
});

it('S3: after 20,000 removals one more is on the bus at once, and of those that are removed the first leave', async () => {
  await enter('node', 20_000, 48);
  await enter('operator', 100, 72);
  await enter('service', 3, 96);
  let bytes = 0;
  sign = async ({ revocations }) => void (bytes = revocations.length);
  const { publicKey, pushed } = await revoke();
  expect([pushed, isOnBus(publicKey)]).toEqual([true, true]);
  expect(onBus).toHaveLength(MAX_REVOCATIONS);
  expect(bytes).toBeLessThan(400_000);
  const kinds = onBus.map((each) => each.public_key[1]);
  expect(kinds.filter((kind) => kind === 'S')).toHaveLength(3);
  expect(kinds.filter((kind) => kind === 'O')).toHaveLength(100);
  const of = (i: number) =>
    `UN${String(i)
      .padStart(6, '0')
      .replace(/[0189]/g, (digit) => 'ABCD'['0189'.indexOf(digit)]!)}`.padEnd(56, 'A');
  expect([isOnBus(of(20_000)), isOnBus(of(1))]).toEqual([true, false]);
  expect(signings.map((each) => each.fullness.leftOut)).toContain(20_104 - MAX_REVOCATIONS);
  expect(warnings).toContain('bus account full: oldest removed nodes left it');
});

it('S3: warns long before the list is full', async () => {
  await enter('node', Math.ceil(0.8 * MAX_REVOCATIONS), 48);
  await revoke();
  await revoke();
  expect(warnings).toEqual(['bus account nearly full', 'bus account nearly full'].slice(0, warnings.length));
  expect(warnings.length).toBeGreaterThan(0);
});

it('S3: says on every replica how full the list is, and stays ready', async () => {
  await owner.query(`UPDATE ring.installation SET bus_account_jwt = repeat('x', 450000)`);
  expect(health.reasons()).toEqual([]);
  const http = await openHttp('127.0.0.1:0', health.answer);
  try {
    await eventually(async () =>
      (await (await fetch(`http://${http.address}/readyz`)).text()).includes('bus account: at 87 %'),
    );
  } finally {
    await http.close();
  }
});

it('S3: a commit stands while no signer signs, and is on the bus when one does', async () => {
  let isAway = true;
  sign = async () => {
    if (isAway) throw new Error('nobody');
  };
  const late = revoke();
  await eventually(() => warnings.length > 0);
  expect(onBus).toEqual([]);
  isAway = false;
  const { publicKey, pushed } = await late;
  expect([pushed, isOnBus(publicKey)]).toEqual([true, true]);
});

it('S3: whoever waits longer than they like is told so', async () => {
  sign = () => Promise.reject(new Error('nobody'));
  expect(await revoke()).toMatchObject({ pushed: false });
});

it('S3: a replica whose signature comes after another one stored its own loses nothing', async () => {
  let slow: (() => void) | undefined;
  // Whose own turn comes first in between waits until the one that was asked is stuck.
  const stuck = turn % 2;
  sign = async (_, replica) => {
    if (replica !== stuck) await eventually(() => slow !== undefined);
    else if (slow === undefined) await new Promise<void>((resolve) => (slow = resolve));
  };
  const first = revoke();
  await eventually(() => slow !== undefined);
  const second = await revoke();
  slow?.();
  const found = await first;
  expect([found.pushed, second.pushed]).toEqual([true, true]);
  expect([isOnBus(found.publicKey), isOnBus(second.publicKey)]).toEqual([true, true]);
});

it('leaves whoever revokes their own a second to hear so', async () => {
  await revoke({ kind: 'operator', dueAt: new Date(Date.now() + 1_000), expiresAt: new Date(Date.now() + HOUR) });
  expect(onBus).toEqual([]);
  await eventually(async () => {
    await replicas[0]!.push();
    return onBus.length === 1;
  });
});

/** As a Node's own change ends a key: by its token's second, soon, and with others. */
const superseded = (user: Partial<RevokedUser> = {}): Partial<RevokedUser> => ({
  ...{ kind: 'node_key', urgent: false, expiresAt: new Date(Date.now() + HOUR) },
  ...user,
});
const accountIsAged = (seconds: number) =>
  owner.query(`UPDATE ring.installation SET bus_account_signed_at = clock_timestamp() - $1 * interval '1 s'`, [
    seconds,
  ]);
const signedRows = async (): Promise<number> =>
  (await owner.query<unknown[]>('SELECT FROM ring.bus_revocation WHERE signed_at IS NOT NULL')).length;

it('a superseded key is refused up to its token’s own second, so that a newer token of the same key goes on', async () => {
  const revokedAt = new Date(1_700_000_000_000);
  const { publicKey } = await revoke(superseded({ revokedAt, urgent: true }));
  expect(onBus).toEqual([{ public_key: publicKey, at: 1_700_000_000 }]);
});

it('of a token that was replaced, and then the Node put out, the later one counts', async () => {
  const { publicKey } = await revoke(superseded({ revokedAt: new Date(1_700_000_000_000), urgent: true }));
  const revokedAt = new Date();
  await revoke({ publicKey, kind: 'node', revokedAt });
  expect(onBus).toEqual([{ public_key: publicKey, at: Math.ceil(revokedAt.getTime() / 1_000) + SKEW_S }]);
});

it('what is superseded waits for others, half a minute, and goes with whatever is urgent', async () => {
  await revoke();
  await accountIsAged(20);
  const waiting = await enterRevoked(superseded());
  // Whoever asks for it meanwhile is answered by what is urgent: nothing.
  expect(await replicas[0]!.push()).toBe(true);
  expect(isOnBus(waiting.publicKey)).toBe(false);
  await revoke();
  expect(isOnBus(waiting.publicKey)).toBe(true);
  expect(await signedRows()).toBe(3);

  const others = await Promise.all([1, 2, 3].map(() => enterRevoked(superseded())));
  const signings = signedAt.length;
  await accountIsAged(30);
  await eventually(async () => (await replicas[1]!.push()) && others.every(({ publicKey }) => isOnBus(publicKey)));
  expect(signedAt.length - signings).toBe(1);
});

it('the slower the bus takes them, the rarer they go', async () => {
  await revoke();
  for (const each of pushers) each.pushTookMs = 10_000;
  await accountIsAged(60);
  const { publicKey } = await enterRevoked(superseded());
  expect(await replicas[0]!.push()).toBe(true);
  expect(isOnBus(publicKey)).toBe(false);
  await accountIsAged(100);
  await eventually(async () => (await replicas[0]!.push()) && isOnBus(publicKey));
});

it('of a key whose token was replaced again and again one row stays', async () => {
  const [publicKey, first] = [key(), Date.now() - 10_000];
  for (let i = 0; i < 5; i++) await enterRevoked(superseded({ publicKey, revokedAt: new Date(first + i * 1_000) }));
  await revoke();
  expect(await stored(publicKey)).toBe(1);
  expect(onBus.find((each) => each.public_key === publicKey)?.at).toBe(Math.floor((first + 4_000) / 1_000));
});
