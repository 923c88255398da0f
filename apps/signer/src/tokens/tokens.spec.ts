// Two signers on a real bus and a real PostgreSQL sign tokens for one issuer; rotation is played by the spec.
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeSigningKey, migrateMaterial, readKekFile, type KekProvider } from '@plexsphere/material';
import { Bus, createLogger } from '@plexsphere/service-kit';
import type { NatsServer } from '@plexsphere/stack';
import {
  FakeRotation,
  endBus,
  eventually,
  startedBus,
  temporaryFolder,
  testDatabase,
  type TestDatabase,
} from '@plexsphere/testkit';
import { runParts, type RunningParts } from '@plexsphere/testkit/services';
import {
  ALGORITHMS,
  PUBLIC_ALGORITHM_NAMES,
  MESH_ALGORITHM,
  PLATFORM,
  SIGNING_DURATION_MS,
  inboxOf,
  publicKeyFromText,
  publicText,
  subjects,
  type AlgorithmName,
  type KeyView,
  type Problem,
  type RingView,
  type ScopeSignerVerb,
  type UserKind,
} from '@plexsphere/wire';
import type {
  GenerateKeyReply,
  MakeStatementReply,
  SignJwtReply,
  TokenHorizonReply,
  VerifyReply,
} from '@plexsphere/wire/commands';
import { jwks, signData, verifyStatement } from '@plexsphere/wire/jws';
import { SignJWT, createLocalJWKSet, importPKCS8, jwtVerify, type JSONWebKeySet } from 'jose';
import { connect, type NatsConnection } from 'nats';
import { DataSource } from 'typeorm';
import { openMaterial, type Material } from '../keys/material';
import { SignerModule } from '../signer.module';

jest.setTimeout(120_000);

// Far more than a request takes on a machine that is busy with other tests: what is tried is not how fast it is.
const L = 6_000;
const ISSUER = 'issuer:web';
const URL = 'https://auth.example.com/issuers/web';
const CEILING_S = 3_600;
const STEP_MS = 60_000;
const folder = temporaryFolder();
const kekFile = join(folder, 'kek');
const logger = createLogger('signer', 'error');

let database: TestDatabase;
let server: NatsServer;
let owner: DataSource;
let kek: KekProvider;
const connections: NatsConnection[] = [];

interface Signer {
  parts: RunningParts;
  material: Material;
  connection: NatsConnection;
  /** Horizons that it wrote. */
  writes: Date[];
  /** Its database refuses every connection. */
  isCutOff: boolean;
  /** Called behind each of them, before whoever waits for it goes on. */
  behindWrite: () => Promise<void>;
}
let signers: Signer[] = [];
let rotation: FakeRotation;
let asRotation: Bus;
let asGateway: Bus;
let asRelay: Bus;
let platform: RingView;

async function dial(kind: UserKind): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url, inboxPrefix: inboxOf(kind) });
  connections.push(connection);
  return connection;
}

beforeAll(async () => {
  await writeFile(kekFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  database = await testDatabase({ name: 'material', prepare: (url) => migrateMaterial(url, 'plexsphere_test_signer') });
  server = await startedBus();
  owner = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  kek = await readKekFile(kekFile);
  platform = { ...ring(PLATFORM, 1, [await keyNamed('platform-1', MESH_ALGORITHM, PLATFORM)]), issuer: null };
});

afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await owner.destroy();
  await Promise.all([endBus(server), database.drop()]);
});

async function keyNamed(keyId: string, algorithm: AlgorithmName = 'ES256', scope = ISSUER): Promise<KeyView> {
  const { privateKey } = await makeSigningKey(owner, kek, { scope, keyId }, algorithm);
  return { key_id: keyId, state: 'active', algorithm, public_key: publicText(privateKey), verifies_until: null };
}

const hash = (): string => randomBytes(32).toString('base64url');

function ring(scope: string, epoch: number, keys: KeyView[], ceilingS = CEILING_S): RingView {
  return {
    ...{ scope, epoch, trust_epoch: epoch, keys, transition: null, statement: '{}', statement_hash: hash() },
    ...{ head_epoch: epoch, next: null, issuer: { url: URL, longest_token_seconds: ceilingS } },
  };
}

const retiring = (key: KeyView): KeyView => ({ ...key, state: 'retiring', verifies_until: '2036-05-02T10:00:30Z' });

beforeEach(async () => {
  await owner.query(`DELETE FROM material.wrapped_key WHERE scope <> 'platform'; TRUNCATE material.token_horizon`);
  const caller = await dial('rotation');
  asRotation = new Bus(caller);
  asGateway = new Bus(await dial('gateway'));
  asRelay = new Bus(await dial('outbox-relay'));
  rotation = new FakeRotation(caller, L);
  rotation.rings = [platform];
  rotation.listen();
  signers = [];
});

afterEach(async () => {
  for (const { parts } of signers) await parts.stop();
  rotation.fallSilent();
});

async function startSigner(): Promise<Signer> {
  const signerUrl = await database.urlAs('signer');
  const material = await openMaterial({ databaseUrl: () => signerUrl, kekFile }, logger);
  const query = material.database.query.bind(material.database);
  const connection = await dial('signer');
  const signer = { material, connection, writes: [], behindWrite: async () => undefined } as unknown as Signer;
  jest.spyOn(material.database, 'query').mockImplementation(async (sql, values) => {
    if (signer.isCutOff) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const rows: unknown = await query(sql, values);
    if (sql.includes('raise_horizon')) {
      signer.writes.push((values as unknown[])[2] as Date);
      await signer.behindWrite();
    }
    return rows;
  });
  signer.parts = await runParts(connection, 'signer', { imports: [SignerModule.over(material)] });
  signers.push(signer);
  return signer;
}

/** An issuer with that key, served by so many signers. */
async function served(key: KeyView, { count = 1, ceilingS = CEILING_S, beside = [] as KeyView[] } = {}): Promise<void> {
  rotation.show(ring(ISSUER, 1, [key, ...beside], ceilingS));
  for (let n = 0; n < count; n += 1) await startSigner();
  await working(1);
}

/** Each of them works by the issuer's ring of that epoch, and the bus knows it. */
async function working(epoch: number): Promise<void> {
  const held = ({ parts }: Signer) => parts.log().some(({ msg, scope }) => msg === 'lease held' && scope === ISSUER);
  const confirmed = () =>
    new Set(rotation.asked.flatMap(({ epochs, secret }) => (epochs[ISSUER] === epoch ? secret : [])));
  await eventually(() => signers.every(held) && confirmed().size >= signers.length, { describe: 'the leases' });
  await Promise.all(signers.map(({ connection }) => connection.flush()));
}

const request = (more: object = {}) => ({
  ...{
    scope: ISSUER,
    client_id: 'billing',
    sub: 'billing',
    aud: 'https://api.example.com',
    token_scope: 'orders:read',
  },
  ...{ ttl_seconds: 600, jti: randomUUID(), duration_ms: SIGNING_DURATION_MS },
  ...more,
});

const askAs = <Reply>(who: Bus, verb: ScopeSignerVerb, body: object, scope = ISSUER, timeoutMs = 20_000) =>
  who.request<Reply>(subjects.scopeSigner(scope, verb), body, { timeoutMs, unavailable: 'noSigner' });

const sign = (more: object = {}): Promise<SignJwtReply> => askAs<SignJwtReply>(asGateway, 'sign-jwt', request(more));

const horizonOf = async (keyId: string): Promise<Date | null> => {
  const asked = { scope: ISSUER, key_id: keyId };
  const { horizon } = await asRotation.request<TokenHorizonReply>(subjects.anySigner('token-horizon'), asked, {
    ...{ timeoutMs: 5_000, unavailable: 'noSigner' },
  });
  return horizon === null ? null : new Date(horizon);
};

const refusedFor = (field: string, more: object = {}) => ({ code: 'INVALID_ARGUMENT', body: { field, ...more } });

describe('a token', () => {
  test.each(PUBLIC_ALGORITHM_NAMES)('by a key of %s is what RFC 9068 has, and no more', async (name) => {
    const key = await keyNamed('web-1', name);
    await served(key);
    const jti = randomUUID();
    const aud = ['https://api.example.com', 'orders'];
    const { token, key_id, expires_at } = await sign({ jti, aud });
    const keys = createLocalJWKSet(jwks([key]) as unknown as JSONWebKeySet);
    const asked = { issuer: URL, audience: 'orders', typ: 'at+jwt' };
    const { payload, protectedHeader } = await jwtVerify(token, keys, asked);
    expect(protectedHeader).toEqual({ alg: ALGORITHMS[name].alg, typ: 'at+jwt', kid: 'web-1' });
    const { iat = 0, exp, ...claims } = payload;
    expect(claims).toEqual({ iss: URL, sub: 'billing', aud, client_id: 'billing', jti, scope: 'orders:read' });
    expect([exp, key_id, Date.parse(expires_at)]).toEqual([iat + 600, 'web-1', (exp ?? 0) * 1_000]);
    expect(Math.abs(iat * 1_000 - Date.now())).toBeLessThan(30_000);
  });

  test('without a scope says none', async () => {
    const key = await keyNamed('web-1');
    await served(key);
    const keys = createLocalJWKSet(jwks([key]) as unknown as JSONWebKeySet);
    const { payload } = await jwtVerify((await sign({ token_scope: '' })).token, keys);
    expect(payload).not.toHaveProperty('scope');
  });
});

test('an operator has one verified by its issuer, and nothing of another type', async () => {
  const key = await keyNamed('web-1');
  await served(key);
  const { token } = await sign({ ttl_seconds: 60 });
  const verify = (jws: string) =>
    askAs<VerifyReply>(asRotation, 'verify', { scope: ISSUER, jws, duration_ms: SIGNING_DURATION_MS });
  const claims = { iss: URL, sub: 'billing', scope: 'orders:read' };
  expect(await verify(token)).toMatchObject({ valid: true, key_id: 'web-1', payload: claims });
  const { privateKey } = await makeSigningKey(owner, kek, { scope: ISSUER, keyId: 'web-1' }, 'ES256');
  expect(await verify(await signData(claims, { keyId: 'web-1', privateKey }))).toEqual({ valid: false });
  expect(await verify(`${token.slice(0, -4)}AAAA`)).toEqual({ valid: false });
});

describe('a key of another service', () => {
  const KID = 'https://old.example.com/keys#1';
  const theirs = ALGORITHMS.RS256.generate();
  const foreign = async (kid: string | null): Promise<KeyView> => ({
    ...retiring({ ...(await keyNamed('web-1')), key_id: 'foreign-1', algorithm: 'RS256' }),
    ...{ public_key: (await theirs).publicKey!.text, foreign: { kid } },
  });
  const tokenBy = async (header: object): Promise<string> => {
    const key = `-----BEGIN PRIVATE KEY-----\n${(await theirs).secret().toString('base64')}\n-----END PRIVATE KEY-----`;
    return new SignJWT({ iss: URL, sub: 'ann', groups: ['a'], exp: 4_000_000_000 })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...header })
      .sign(await importPKCS8(key, 'RS256'));
  };
  const verify = (jws: string) =>
    askAs<VerifyReply>(asRotation, 'verify', { scope: ISSUER, jws, duration_ms: SIGNING_DURATION_MS });

  test.each([
    ['by the name that its tokens have for it', KID, { kid: KID }],
    ['where its tokens name none', null, {}],
  ])('verifies %s, and no signer needs its private half', async (_, kid, header) => {
    const view = await foreign(kid);
    await served(await keyNamed('web-1'), { beside: [view] });
    const token = await tokenBy(header);
    expect(await verify(token)).toEqual({
      ...{ valid: true, key_id: 'foreign-1' },
      payload: { iss: URL, sub: 'ann', exp: 4_000_000_000 },
    });
    // As any other library does by the key set.
    const keys = createLocalJWKSet(jwks([await keyNamed('web-1'), view]) as unknown as JSONWebKeySet);
    await expect(jwtVerify(token, keys, { issuer: URL })).resolves.toMatchObject({ payload: { sub: 'ann' } });
    expect(await verify(await tokenBy({ kid: 'web-1' }))).toEqual({ valid: false });
    expect((await sign()).key_id).toBe('web-1');
  });

  test('comes in by a statement of the platform’s, which signers make of a public half and of no other', async () => {
    await served(await keyNamed('web-1'));
    const asked = {
      ...{ type: 'import', scope: ISSUER, epoch: 2, authority_epoch: 1, old_key_id: 'web-1', new_key_id: 'foreign-1' },
      ...{ opened_at: '2031-05-01T10:00:00Z', transition_expires: '2031-05-02T10:00:00Z' },
      ...{ duration_ms: SIGNING_DURATION_MS, imported_algorithm: 'RS256' },
    };
    const make = (more: object) =>
      askAs<MakeStatementReply>(asRotation, 'make-statement', { ...asked, ...more }, PLATFORM);
    const imported_public_key = (await theirs).publicKey!.text;
    const { statement } = await make({ imported_public_key });
    const vouching = publicKeyFromText(platform.keys[0]?.public_key);
    await expect(verifyStatement(statement, vouching)).resolves.toMatchObject({
      ...{ type: 'import', new_public_key: imported_public_key, new_algorithm: 'RS256', old_key_id: 'web-1' },
    });
    await expect(make({ imported_public_key: 'AAAA' })).rejects.toMatchObject(refusedFor('public_key'));
    await expect(make({})).rejects.toMatchObject(refusedFor('new_key_id'));
    // Only of an import: nothing else brings in what no signer has made.
    const staged = { type: 'stage', authority_epoch: 1, imported_public_key };
    await expect(askAs(asRotation, 'make-statement', { ...asked, ...staged })).rejects.toMatchObject(
      refusedFor('new_key_id'),
    );
  });
});

describe('what is refused, with nothing signed and no horizon written', () => {
  test.each<[string, object, string]>([
    ['a life beyond the ceiling', { ttl_seconds: CEILING_S + 1 }, 'ttl_seconds'],
    ['no life', { ttl_seconds: 0 }, 'ttl_seconds'],
    ['half a second', { ttl_seconds: 0.5 }, 'ttl_seconds'],
    ['a life in words', { ttl_seconds: '600' }, 'ttl_seconds'],
    ['no client', { client_id: undefined }, 'client_id'],
    ['a client with a colon', { client_id: 'a:b' }, 'client_id'],
    ['a subject of two lines', { sub: 'a\nb' }, 'sub'],
    ['a subject that is too long', { sub: 'a'.repeat(256) }, 'sub'],
    ['no audience', { aud: [] }, 'aud'],
    ['nine audiences', { aud: Array.from({ length: 9 }, (_, n) => `a${n}`) }, 'aud'],
    ['an audience twice', { aud: ['a', 'a'] }, 'aud'],
    ['a scope in quotes', { token_scope: '"' }, 'token_scope'],
    ['no scope at all', { token_scope: undefined }, 'token_scope'],
    ['a scope of many kilobytes', { token_scope: Array(50).fill('s'.repeat(128)).join(' ') }, 'token_scope'],
    ['an id that somebody could guess', { jti: '1' }, 'jti'],
    ['an issuer of its choice', { iss: 'https://evil.example.com' }, 'iss'],
    ['an end of its choice', { exp: 4_000_000_000 }, 'exp'],
    ['an epoch', { epoch: 1 }, 'epoch'],
    ['more time than anybody gives', { duration_ms: SIGNING_DURATION_MS + 1 }, 'duration_ms'],
  ])('%s', async (name, change, field) => {
    await served(await keyNamed('web-1'));
    await expect(sign(change)).rejects.toMatchObject(refusedFor(field));
    // What is too long is seen when it is signed alone.
    if (name !== 'a scope of many kilobytes') expect(await horizonOf('web-1')).toBeNull();
    await expect(sign({ ttl_seconds: CEILING_S })).resolves.toHaveProperty('token');
  });

  test('a ceiling that was lowered holds from the next epoch on', async () => {
    const key = await keyNamed('web-1');
    await served(key);
    rotation.show(ring(ISSUER, 2, [key], 300));
    await working(2);
    await expect(sign()).rejects.toMatchObject(refusedFor('ttl_seconds', { longest_token_seconds: 300 }));
    await expect(sign({ ttl_seconds: 300 })).resolves.toHaveProperty('token');
  });

  test('of any other scope, and of an issuer that has no name', async () => {
    await served(await keyNamed('web-1'));
    const ofPlatform = askAs(asGateway, 'sign-jwt', request({ scope: PLATFORM }), PLATFORM);
    await expect(ofPlatform).rejects.toMatchObject(refusedFor('scope'));
    rotation.show({ ...ring(ISSUER, 2, [await keyNamed('web-1')]), issuer: null });
    await working(2);
    await expect(sign()).rejects.toMatchObject(refusedFor('scope'));
  });
});

/** A verifier that looks at no `typ` would take it for a token. */
test('an issuer’s key signs nothing that is no token, and says what it does sign', async () => {
  await served(await keyNamed('web-1'));
  const event = { event_id: randomUUID(), issued_at: new Date().toISOString(), nonce: hash() };
  const timed = { scope: ISSUER, epoch: 1, duration_ms: SIGNING_DURATION_MS };
  const ready = { node_id: randomUUID(), hello_id: 'h', platform_epoch: 1, resumes_after: 0, last_position: 1 };
  const toNode = { ...ready, event_id: `${ready.node_id}/${randomUUID()}`, nonce: hash() };
  const named = { signs: ['statement', 'token'] };
  const payload = { iss: URL, sub: 'admin', exp: 4_000_000_000 };
  const { issued_at } = event;
  for (const [who, verb, body, more] of [
    [asRotation, 'sign-jws', { payload }, named],
    [asRelay, 'sign-envelope', { event_type: 'note', payload: JSON.stringify(payload), ...event }, named],
    [asRelay, 'sign-ready', { readies: [toNode], issued_at: event.issued_at }, named],
    [asRelay, 'sign-batch', { envelopes: [{ event_type: 'note', payload: null, ...event }], issued_at }, named],
  ] as const) {
    const asked = askAs(who, verb, { ...timed, ...body });
    await expect(asked).rejects.toMatchObject(refusedFor('scope', more));
  }
  const announce = { ...timed, event_type: 'platform_key_rotated', key_id: 'web-1', ...event };
  await expect(askAs(asRelay, 'announce', announce)).rejects.toMatchObject(refusedFor('scope', named));
  const bundle = askAs(asRelay, 'sign-bundle', { ...timed, platform_epoch: 1 }, PLATFORM);
  await expect(bundle).rejects.toMatchObject(refusedFor('scope'));
});

test.each<AlgorithmName>(['ES256', 'RS256'])(
  'a first key of %s is made once, however often it is asked for, and the platform vouches for it',
  async (algorithm) => {
    const signer = await startSigner();
    await eventually(() => signer.parts.log().some(({ msg }) => msg === 'lease held'), { describe: 'the lease' });
    await signer.connection.flush();
    const generating = jest.spyOn(ALGORITHMS[algorithm], 'generate');
    const asked = {
      ...{ type: 'create', scope: ISSUER, algorithm, epoch: 1, authority_epoch: 1, new_key_id: 'web-1' },
      ...{ opened_at: '2031-05-01T10:00:00Z', duration_ms: SIGNING_DURATION_MS },
    };
    const made = await Promise.all(
      Array.from({ length: 4 }, () => askAs<GenerateKeyReply>(asRotation, 'generate-key', asked, PLATFORM)),
    );
    expect([new Set(made.map(({ public_key }) => public_key)).size, generating.mock.calls.length]).toEqual([1, 1]);
    generating.mockRestore();
    const vouching = publicKeyFromText(platform.keys[0]?.public_key);
    await expect(verifyStatement(made[0]?.statement ?? '', vouching)).resolves.toMatchObject({
      ...{ type: 'create', scope: ISSUER, new_public_key: made[0]?.public_key, new_algorithm: algorithm, next: null },
    });
  },
);

describe('the horizon', () => {
  test('stands before any token by the key does, in the database and not in a memory', async () => {
    await served(await keyNamed('web-1'), { count: 2 });
    expect(await horizonOf('web-1')).toBeNull();
    const { expires_at } = await sign();
    const horizon = await horizonOf('web-1');
    expect(horizon?.getTime()).toBe(Date.parse(expires_at) + STEP_MS);
    // Whatever the signers remember.
    await owner.query('TRUNCATE material.token_horizon');
    expect(await horizonOf('web-1')).toBeNull();
    expect(await horizonOf('nobody')).toBeNull();
  });

  test('is written once for many tokens, by each signer', async () => {
    await served(await keyNamed('web-1'), { count: 2 });
    const replies = await Promise.all(Array.from({ length: 200 }, () => sign({ ttl_seconds: 60 })));
    const latest = Math.max(...replies.map(({ expires_at }) => Date.parse(expires_at)));
    expect((await horizonOf('web-1'))?.getTime()).toBeGreaterThanOrEqual(latest);
    const writes = signers.flatMap((signer) => signer.writes);
    // One each; and one more at the most, where the first came a second before the rest and reached no further than they ask.
    expect(writes.length).toBeLessThanOrEqual(4);
    // One that lives longer has to reach further, and the shorter ones need nothing then.
    await sign({ ttl_seconds: 3_000 });
    const before = signers.flatMap((signer) => signer.writes).length;
    await Promise.all(Array.from({ length: 50 }, () => sign({ ttl_seconds: 60 })));
    expect(signers.flatMap((signer) => signer.writes).length - before).toBeLessThanOrEqual(2);
  });

  test('a quarter of a short ceiling is the step', async () => {
    await served(await keyNamed('web-1'), { ceilingS: 8 });
    const { expires_at } = await sign({ ttl_seconds: 8 });
    expect((await horizonOf('web-1'))?.getTime()).toBe(Date.parse(expires_at) + 2_000);
  });

  test('no token leaves before the write is committed', async () => {
    await served(await keyNamed('web-1'));
    const blocker = owner.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE material.token_horizon IN SHARE MODE');
    let answered = false;
    const signing = sign().finally(() => (answered = true));
    try {
      const waits = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%raise_horizon%'`;
      await eventually(async () => (await owner.query<unknown[]>(waits)).length > 0, { describe: 'the write waiting' });
      expect(answered).toBe(false);
    } finally {
      await blocker.commitTransaction();
      await blocker.release();
    }
    const { expires_at } = await signing;
    expect((await horizonOf('web-1'))?.getTime()).toBeGreaterThanOrEqual(Date.parse(expires_at));
  });

  test('every token that is answered is within what any signer reads then, whichever signs and however long it lives', async () => {
    await served(await keyNamed('web-1'), { count: 2, ceilingS: 40 });
    const early = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const { expires_at } = await sign({ ttl_seconds: (n % 40) + 1 });
        const horizon = await horizonOf('web-1');
        return (horizon?.getTime() ?? 0) < Date.parse(expires_at);
      }),
    );
    expect(early).not.toContain(true);
    const rows = await owner.query<unknown[]>('SELECT * FROM material.token_horizon');
    expect(rows).toHaveLength(1);
  });

  test('without its database nothing beyond it is signed; what lies within goes on', async () => {
    await served(await keyNamed('web-1'));
    await sign({ ttl_seconds: 600 });
    const [signer] = signers;
    signer!.isCutOff = true;
    await expect(sign({ ttl_seconds: 601 + STEP_MS / 1_000 })).rejects.toMatchObject({
      detail: 'signing: database unavailable',
    });
    await expect(sign({ ttl_seconds: 300 })).resolves.toHaveProperty('token');
    signer!.isCutOff = false;
    await expect(sign({ ttl_seconds: 601 + STEP_MS / 1_000 })).resolves.toHaveProperty('token');
  });
});

describe('two signers, of which one rests between horizon and signature', () => {
  /** The first that has written is held there until it is let go. */
  function holdFirst(): { isHeld: () => Signer | undefined; letGo: () => void } {
    let held: Signer | undefined;
    let letGo = (): void => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    for (const signer of signers) {
      signer.behindWrite = async () => {
        if (held !== undefined) return;
        held = signer;
        await gate;
      };
    }
    return { isHeld: () => held, letGo };
  }

  async function switched(from: KeyView, to: KeyView): Promise<void> {
    rotation.show(ring(ISSUER, 2, [retiring(from), to]));
    await working(2);
  }

  test('after the switch its token is by the new key, and what the old one’s horizon says has counted it', async () => {
    const [old, next] = [await keyNamed('web-1'), await keyNamed('web-2')];
    await served(old, { count: 2 });
    const { isHeld, letGo } = holdFirst();
    const resting = sign({ ttl_seconds: 3_000 });
    await eventually(isHeld, { describe: 'a signer that has written its horizon' });
    await switched(old, next);
    const final = await horizonOf('web-1');
    expect(final?.getTime()).toBeGreaterThan(Date.now() + 2_900_000);
    // The other one is not held up.
    const others = await eventually(() => sign({ ttl_seconds: 60 }).catch(() => undefined));
    expect(others.key_id).toBe('web-2');
    letGo();
    expect((await resting).key_id).toBe('web-2');
    expect(await horizonOf('web-1')).toEqual(final);
  });

  test('where it dies there, the horizon knows of the token that nobody may ever see', async () => {
    const [old, next] = [await keyNamed('web-1'), await keyNamed('web-2')];
    await served(old, { count: 2 });
    const { isHeld, letGo } = holdFirst();
    const lost = askAs(asGateway, 'sign-jwt', request({ ttl_seconds: 3_000 }), ISSUER, 3_000);
    lost.catch(() => undefined);
    const dead = await eventually(isHeld, { describe: 'a signer that has written its horizon' });
    await dead.connection.close();
    signers = signers.filter((signer) => signer !== dead);
    await switched(old, next);
    expect((await horizonOf('web-1'))?.getTime()).toBeGreaterThan(Date.now() + 2_900_000);
    await expect(sign()).resolves.toMatchObject({ key_id: 'web-2' });
    letGo();
    // Its timers, which no real one leaves behind.
    await dead.parts.stop().catch(() => undefined);
    await expect(lost).rejects.toMatchObject({ detail: 'signing: no answer' });
  });

  test('its lease ends while it rests: what it signs then reaches nobody', async () => {
    await served(await keyNamed('web-1'));
    const { isHeld, letGo } = holdFirst();
    const resting = sign({ ttl_seconds: 3_000 });
    const outcome = resting.then(
      () => 'a token',
      ({ detail }: Problem) => detail,
    );
    await eventually(isHeld, { describe: 'a signer that has written its horizon' });
    rotation.fallSilent();
    await eventually(() => signers[0]!.parts.log().some(({ msg }) => msg === 'lease lost'), { timeoutMs: 3 * L });
    letGo();
    expect(await outcome).toBe('signing: no lease');
  });
});
