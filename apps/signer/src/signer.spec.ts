// The signer on a real bus and a real PostgreSQL; rotation is played by the spec.
import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { insertBusKey, makeSigningKey, migrateMaterial, readKekFile } from '@plexsphere/material';
import { Bus, createLogger } from '@plexsphere/service-kit';
import type { NatsServer } from '@plexsphere/stack';
import {
  DOMAIN,
  FakeRotation,
  endBus,
  eventually,
  hashOf,
  privateKeyOf,
  publicKeyOf,
  startedBus,
  temporaryFolder,
  testDatabase,
  transitionOf,
  type TestDatabase,
} from '@plexsphere/testkit';
import { runParts, type RunningParts } from '@plexsphere/testkit/services';
import {
  ENVELOPES_PER_REQUEST,
  SIGNING_DURATION_MS,
  NonceMemory,
  parseEnvelope,
  PLATFORM,
  inboxOf,
  MESH_ALGORITHM,
  publicKeyFromText,
  publicText,
  revocationLines,
  subjects,
  trafficOn,
  verifyEnvelope,
  type KeyView,
  type Problem,
  type RingView,
  type ScopeSignerVerb,
  type UserKind,
  createBusKey,
  type BusKey,
} from '@plexsphere/wire';
import type {
  EnvelopeReply,
  GenerateKeyReply,
  MakeStatementReply,
  PrepareStatementReply,
  SignBatchReply,
  SignBundleReply,
  SignReadyReply,
  SignReply,
} from '@plexsphere/wire/commands';
import { joinStatement, keyHash, statementSignature, verifyBundle, verifyStatement } from '@plexsphere/wire/jws';
import { connect, type NatsConnection } from 'nats';
import { DataSource } from 'typeorm';
import { openMaterial } from './keys/material';
import { SignerModule } from './signer.module';

jest.setTimeout(120_000);

// Far more than a request takes on a machine that is busy with other tests: what is tried is not how fast it is.
const L = 6_000;
const D = SIGNING_DURATION_MS;
const folder = temporaryFolder();
const kekFile = join(folder, 'kek');
const ISSUER = 'issuer:payments';

let database: TestDatabase;
let server: NatsServer;
let owner: DataSource;
let signerUrl: string;
let operatorKey: BusKey;
let accountKey: BusKey;
let platformKey: ReturnType<typeof keyView>;
const connections: NatsConnection[] = [];

const logger = createLogger('signer', 'error');

async function dial(kind: UserKind): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url, inboxPrefix: inboxOf(kind) });
  connections.push(connection);
  return connection;
}

const keyView = (key_id: string, state: KeyView['state'], public_key: string) => ({
  key_id,
  state,
  algorithm: MESH_ALGORITHM,
  public_key,
  verifies_until: state === 'retiring' ? '2031-05-02T10:00:30Z' : null,
});

const ringWith = (scope: string, epoch: number, keys: KeyView[], more: Partial<RingView> = {}): RingView => ({
  scope,
  epoch,
  trust_epoch: epoch,
  keys,
  transition: null,
  statement: '{}',
  statement_hash: hashOf(`${scope} ${epoch}`),
  head_epoch: epoch,
  next: hashOf(`${scope} ${epoch} ahead`),
  issuer: null,
  ...more,
});

beforeAll(async () => {
  await writeFile(kekFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  database = await testDatabase({ name: 'material', prepare: (url) => migrateMaterial(url, 'plexsphere_test_signer') });
  signerUrl = await database.urlAs('signer');
  server = await startedBus();
  owner = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  const kek = await readKekFile(kekFile);
  operatorKey = createBusKey('operator');
  accountKey = createBusKey('account');
  await insertBusKey(owner, kek, 'operator', operatorKey);
  await insertBusKey(owner, kek, 'account', accountKey);
  const made = await makeSigningKey(owner, kek, { scope: PLATFORM, keyId: 'platform-1' }, MESH_ALGORITHM);
  platformKey = keyView('platform-1', 'active', publicText(made.privateKey));
});

afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await owner.destroy();
  await Promise.all([endBus(server), database.drop()]);
});

let rotation: FakeRotation;
let signer: RunningParts;
let rotationBus: Bus;
let relayBus: Bus;

const opening = {
  opened_at: '2031-05-01T10:00:00Z',
  closes_at: '2031-05-02T10:00:00Z',
  transition_expires: '2031-05-02T10:00:30Z',
};

const whoMayAsk = (subject: string): Bus =>
  trafficOn(subject)?.speakers.includes('rotation') === true ? rotationBus : relayBus;

/** One question as rotation or the relay asks it. */
const ask = <Reply>(subject: string, body: object): Promise<Reply> =>
  whoMayAsk(subject).request<Reply>(subject, body, { timeoutMs: 5_000, unavailable: 'noSigner' });

const askScope = <Reply>(scope: string, verb: ScopeSignerVerb, body: object): Promise<Reply> =>
  ask<Reply>(subjects.scopeSigner(scope, verb), { duration_ms: D, scope, ...body });

/** With its public half and statement, as every key of today has them. */
type Generated = { [Member in keyof GenerateKeyReply]: string };

const generate = (scope: string, keyId: string, epoch: number, oldKeyId = 'domain-1'): Promise<Generated> =>
  epoch === 1
    ? askScope(PLATFORM, 'generate-key', {
        ...{
          type: 'create',
          scope,
          algorithm: MESH_ALGORITHM,
          epoch,
          authority_epoch: 1,
          new_key_id: keyId,
          opened_at: opening.opened_at,
        },
      })
    : askScope(scope, 'generate-key', {
        ...{
          type: 'rotate',
          algorithm: MESH_ALGORITHM,
          epoch,
          authority_epoch: epoch - 1,
          old_key_id: oldKeyId,
          new_key_id: keyId,
          ...opening,
        },
      });

const held = (scope: string, epoch: number) =>
  eventually(() => askScope(scope, 'sign-jws', { epoch, payload: {} }), { describe: `the lease of ${scope}` });

/** A ring at epoch 1 of that scope, taken by the signer. */
async function created(scope: string, keyId: string): Promise<RingView> {
  const { public_key, ...head } = await generate(scope, keyId, 1);
  const ring = ringWith(scope, 1, [keyView(keyId, 'active', public_key)], head);
  rotation.show(ring);
  await held(scope, 1);
  return ring;
}

/** Prepares and commits the next key, and waits until the signer has confirmed. */
async function rotated(ring: RingView, newKeyId: string): Promise<RingView> {
  const [old] = ring.keys;
  if (old === undefined) throw new Error('a ring without keys');
  const epoch = ring.epoch + 1;
  const { public_key, ...head } = await generate(ring.scope, newKeyId, epoch, old.key_id);
  const keys = [
    { ...old, state: 'retiring' as const, verifies_until: '2031-05-02T10:00:30Z' },
    keyView(newKeyId, 'active', public_key),
  ];
  const transition = transitionOf(old.key_id, newKeyId);
  const next = ringWith(ring.scope, epoch, keys, { transition, ...head });
  rotation.show(next);
  await eventually(() => rotation.confirmed(ring.scope, epoch), { describe: 'the confirmation' });
  return next;
}

const event = (more: object = {}) => ({
  event_id: '9c1f5a90-7a3e-4df7-a6b0-0c7a3f8a51c2',
  issued_at: new Date().toISOString(),
  nonce: randomBytes(16).toString('hex'),
  ...more,
});

const verifies = (envelope: string, key: KeyView | undefined): string =>
  verifyEnvelope(
    parseEnvelope(envelope),
    [{ keyId: key?.key_id ?? '', publicKey: publicKeyFromText(key?.public_key ?? '') }],
    new Date(),
    new NonceMemory(),
  ).keyId;

beforeEach(async () => {
  await owner.query(`DELETE FROM material.wrapped_key WHERE scope <> 'platform'`);
  const caller = await dial('rotation');
  rotationBus = new Bus(caller);
  relayBus = new Bus(await dial('outbox-relay'));
  rotation = new FakeRotation(caller, L);
  rotation.rings = [ringWith(PLATFORM, 1, [platformKey], { next: hashOf('the key ahead of the platform') })];
  rotation.listen();
  const material = await openMaterial({ databaseUrl: () => signerUrl, kekFile }, logger);
  signer = await runParts(await dial('signer'), 'signer', { imports: [SignerModule.over(material)] });
  await held(PLATFORM, 1);
});

afterEach(async () => {
  await signer.stop();
  rotation.fallSilent();
});

test('lease → sign → ring change → ABORTED for the old epoch, by the new key at the new one', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  const sign = (epoch: number) =>
    askScope<EnvelopeReply>(DOMAIN, 'sign-envelope', { epoch, event_type: 'note', payload: '{"a": 1.0}', ...event() });
  const before = await sign(1);
  expect(verifies(before.envelope, ring.keys[0])).toBe('domain-1');
  expect(before.envelope).toContain('"payload":{"a":1.0}');

  const next = await rotated(ring, 'domain-2');
  await expect(sign(1)).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 2 } });
  await expect(sign(3)).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 2 } });
  const after = await sign(2);
  expect(verifies(after.envelope, next.keys[1])).toBe('domain-2');
});

test('a caller that comes with the new epoch before the event does not hear no', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  const { public_key } = await generate(DOMAIN, 'domain-2', 2);
  const keys = [
    { ...(ring.keys[0] as KeyView), state: 'retiring' as const, verifies_until: '2031-05-02T10:00:30Z' },
    keyView('domain-2', 'active', public_key),
  ];
  // Committed, and nothing told.
  rotation.rings = [
    ...rotation.rings.filter(({ scope }) => scope !== DOMAIN),
    ringWith(DOMAIN, 2, keys, { transition: transitionOf('domain-1', 'domain-2') }),
  ];
  await expect(askScope(DOMAIN, 'sign-jws', { epoch: 2, payload: {} })).resolves.toMatchObject({ key_id: 'domain-2' });
});

test('when renewals stop, the queue group is left before anything is signed without a lease', async () => {
  await created(DOMAIN, 'domain-1');
  rotation.fallSilent();
  // A question that is under way when the group is left may stay without an answer: callers then ask again.
  const refused = async () => {
    const request = { scope: DOMAIN, epoch: 1, payload: {}, duration_ms: D };
    const options = { timeoutMs: 500, unavailable: 'noSigner' } as const;
    try {
      await rotationBus.request(subjects.scopeSigner(DOMAIN, 'sign-jws'), request, options);
      return undefined;
    } catch (error) {
      return error as Problem;
    }
  };
  const first = await eventually(refused, { describe: 'a refusal' });
  // While it is still heard, the guard refuses what the lease does not outlive.
  expect(first).toMatchObject({ code: 'UNAVAILABLE' });
  const envelopes = [{ event_type: 'note', event_id: randomUUID(), payload: null, nonce: randomUUID() }];
  const batch = askScope(DOMAIN, 'sign-batch', { epoch: 1, issued_at: new Date().toISOString(), envelopes });
  await expect(batch).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await eventually(async () => (await refused())?.is('noSigner'));
  expect(
    signer
      .log()
      .filter(({ msg }) => msg === 'lease lost')
      .map(({ scope }) => scope)
      .sort(),
  ).toEqual([DOMAIN, PLATFORM]);
  // Work that needs no lease goes on.
  await expect(ask(subjects.anySigner('destroy-key'), { scope: ISSUER, key_id: 'gone' })).resolves.toEqual({
    destroyed: true,
  });
  rotation.listen();
  await held(DOMAIN, 1);
});

test('a key is made once; its statement proves descent by both keys', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  await expect(verifyStatement(ring.statement ?? '', publicKeyFromText(platformKey.public_key))).resolves.toMatchObject(
    {
      type: 'create',
      old_key_id: null,
      previous: null,
    },
  );
  const [one, again] = await Promise.all([generate(DOMAIN, 'domain-2', 2), generate(DOMAIN, 'domain-2', 2)]);
  expect(again.public_key).toBe(one.public_key);
  const authority = publicKeyFromText(ring.keys[0]?.public_key ?? '');
  await expect(verifyStatement(one.statement, authority)).resolves.toMatchObject({
    type: 'rotate',
    epoch: 2,
    old_key_id: 'domain-1',
    new_public_key: one.public_key,
    previous: ring.statement_hash,
    ...opening,
  });
});

test('a destroyed key is gone for good, here and in the database, and its id stays taken', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  const destroy = (key_id: string) => ask(subjects.anySigner('destroy-key'), { scope: DOMAIN, key_id });
  await expect(destroy('domain-1')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', body: { field: 'key_id' } });

  const next = await rotated(ring, 'domain-2');
  await destroy('domain-1');
  await expect(destroy('domain-1')).resolves.toEqual({ destroyed: true });
  const [row] = await owner.query<{ ciphertext: Buffer | null }[]>(
    `SELECT ciphertext FROM material.wrapped_key WHERE key_id = 'domain-1'`,
  );
  expect(row?.ciphertext).toBeNull();
  const announce = { epoch: 2, event_type: 'signing_key_rotated', key_id: 'domain-1', ...event() };
  await expect(askScope(DOMAIN, 'announce', announce)).rejects.toMatchObject({ detail: 'signing: key unavailable' });

  rotation.show(ringWith(DOMAIN, 3, next.keys.slice(1), headOf(next)));
  await held(DOMAIN, 3);
  await expect(generate(DOMAIN, 'domain-1', 4, 'domain-2')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
});

const headOf = ({ statement, statement_hash, next, head_epoch }: RingView) => ({
  ...{ statement, statement_hash, next, head_epoch },
});

describe('the key ahead', () => {
  const kept = async (): Promise<string[]> => {
    const rows = await owner.query<{ key_id: string }[]>(
      `SELECT key_id FROM material.wrapped_key WHERE scope = $1 ORDER BY key_id`,
      [DOMAIN],
    );
    return rows.map(({ key_id }) => key_id);
  };
  const forget = (members: object) => {
    const prepared_before = new Date(Date.now() - 3_600_000).toISOString();
    return ask(subjects.anySigner('forget-ahead'), { scope: DOMAIN, kept: [], prepared_before, ...members });
  };
  const age = () => owner.query(`UPDATE material.wrapped_key SET prepared_at = prepared_at - interval '2 h'`);

  test('is made with the statement that commits to it, and comes in under whichever name', async () => {
    const ring = await created(DOMAIN, 'domain-1');
    expect(await kept()).toEqual(['domain-1', `~${ring.next}`]);
    const [one, other] = [await generate(DOMAIN, 'domain-2', 2), await generate(DOMAIN, 'domain-3', 2)];
    expect(one.public_key).toBe(other.public_key);
    expect(keyHash(one.public_key)).toBe(ring.next);
    // Each attempt made its own: nobody can say yet which of them a ring will commit to.
    expect(one.next).not.toBe(other.next);
    expect(await kept()).toEqual(expect.arrayContaining([`~${ring.next}`, `~${one.next}`, `~${other.next}`]));
  });

  test('is never tidied while the head commits to it, and leaves with its first copy once it has come in', async () => {
    const ring = await created(DOMAIN, 'domain-1');
    const lost = await generate(DOMAIN, 'lost', 2);
    await age();
    await forget({});
    expect(await kept()).toEqual(['domain-1', 'lost', `~${ring.next}`]);
    const next = await rotated(ring, 'domain-2');
    await forget({ introduced: 'domain-2' });
    expect(await kept()).toEqual(['domain-1', 'domain-2', 'lost', `~${next.next}`]);
    // Whoever lost has the very key under another name: what destroys it leaves no copy.
    expect(lost.public_key).toBe(next.keys[1]?.public_key);
    const destroy = (key_id: string) => ask(subjects.anySigner('destroy-key'), { scope: DOMAIN, key_id });
    await expect(destroy('lost')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    rotation.show(
      ringWith(
        DOMAIN,
        3,
        [next.keys[0]!].map((key) => ({ ...key, state: 'active', verifies_until: null })),
        headOf(next),
      ),
    );
    await held(DOMAIN, 3);
    await destroy('domain-2');
    expect(await kept()).toEqual(['domain-1', 'domain-2', `~${next.next}`]);
  });

  test('that does not open stops what would bring it in, and nothing else', async () => {
    const ring = await created(DOMAIN, 'domain-1');
    await owner.query(`UPDATE material.wrapped_key SET ciphertext = nonce WHERE key_id = $1`, [`~${ring.next}`]);
    await expect(generate(DOMAIN, 'domain-2', 2)).rejects.toMatchObject({
      ...{ code: 'UNAVAILABLE', detail: 'signing: next key unavailable' },
    });
    const recommit = { type: 'recommit', epoch: 2, authority_epoch: 1, old_key_id: 'domain-1', new_key_id: 'domain-1' };
    const { statement, next } = await make({ ...recommit, opened_at: opening.opened_at });
    await expect(verifyStatement(statement, publicKeyFromText(platformKey.public_key))).resolves.toMatchObject({
      type: 'recommit',
      authority_epoch: 1,
      previous: ring.statement_hash,
      next,
    });
    expect(await kept()).toContain(`~${next}`);
  });
});

const make = (members: object) =>
  askScope<MakeStatementReply>(PLATFORM, 'make-statement', { scope: DOMAIN, ...members });

test('a key that nobody can open is thrown out all the same: the ring need only have been shown', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  const stranger = publicKeyOf('whose private half nobody has');
  // It cannot be loaded, so nobody signs for the Domain any more.
  const lost = ringWith(DOMAIN, 2, [keyView('lost', 'active', stranger)], headOf(ring));
  rotation.show(lost);
  await eventually(() => rotation.asked.length > 0, { describe: 'a renewal' });
  const revoke = { type: 'revoke', epoch: 3, authority_epoch: 1, old_key_id: 'lost', new_key_id: 'fresh' };
  const named = { ...revoke, scope: DOMAIN, opened_at: opening.opened_at };
  const asked = { ...named, algorithm: MESH_ALGORITHM };
  const reply = await eventually(() => askScope<Generated>(PLATFORM, 'generate-key', asked), { describe: 'the ring' });
  await expect(verifyStatement(reply.statement, publicKeyFromText(platformKey.public_key))).resolves.toMatchObject({
    ...{ type: 'revoke', old_key_id: 'lost', old_public_key: stranger, new_public_key: reply.public_key },
    ...{ previous: ring.statement_hash, next: expect.not.stringMatching(ring.next ?? '') },
  });
  await expect(make({ ...named, epoch: 2 })).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 2 } });
});

test('what the recovery key is to vouch for is prepared without it, for the platform alone', async () => {
  const asked = {
    ...{ type: 'revoke', epoch: 2, authority_epoch: 1, old_key_id: 'platform-1', new_key_id: 'platform-2' },
    ...{ opened_at: opening.opened_at, algorithm: MESH_ALGORITHM, duration_ms: D },
  };
  const prepare = (members: object) =>
    ask<PrepareStatementReply>(subjects.anySigner('prepare-statement'), { scope: PLATFORM, ...asked, ...members });
  const { statement, possession } = await prepare({});
  expect(statement).toMatchObject({ type: 'revoke', old_public_key: platformKey.public_key, authority_epoch: null });
  const recovery = { keyId: 'recovery', privateKey: privateKeyOf('recovery') };
  const text = joinStatement(statement, await statementSignature(statement, recovery, 'authority'), possession);
  await expect(verifyStatement(text, publicKeyFromText(publicKeyOf('recovery')))).resolves.toEqual(statement);
  await expect(prepare({ scope: DOMAIN })).rejects.toMatchObject({ body: { field: 'type' } });
  await expect(prepare({ type: 'create' })).rejects.toMatchObject({ body: { field: 'type' } });
  // No key of the ring vouches for it, so none is asked to.
  await expect(askScope(PLATFORM, 'generate-key', asked)).rejects.toMatchObject({ body: { field: 'type' } });
});

test('of a removed ring everything is destroyed, what was only prepared too, and nothing before the ring is dropped', async () => {
  await created(DOMAIN, 'domain-1');
  await generate(DOMAIN, 'prepared', 2);
  const destroy = () => ask(subjects.anySigner('destroy-ring'), { scope: DOMAIN });
  await expect(destroy()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', body: { field: 'scope' } });
  rotation.remove(DOMAIN);
  await eventually(async () => destroy().then(Boolean, () => false));
  await expect(destroy()).resolves.toEqual({ destroyed: true });
  const left = await owner.query<{ scope: string }[]>(
    'SELECT DISTINCT scope FROM material.wrapped_key WHERE ciphertext IS NOT NULL',
  );
  expect(left).toEqual([{ scope: PLATFORM }]);
  const signed = askScope(DOMAIN, 'sign-jws', { payload: {} });
  await expect(signed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('P-7: a key that no ring took is forgotten, one that stands in a ring never', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  const forget = (key_id: string) => {
    const prepared_before = new Date(Date.now() - 3_600_000).toISOString();
    return ask(subjects.anySigner('forget-key'), { scope: DOMAIN, key_id, prepared_before });
  };
  await generate(DOMAIN, 'lost', 2);
  await owner.query(`UPDATE material.wrapped_key SET prepared_at = prepared_at - interval '2 h'`);
  await expect(forget('lost')).resolves.toEqual({ forgotten: true });
  const rows = await owner.query<{ key_id: string }[]>(
    `SELECT key_id FROM material.wrapped_key WHERE scope = $1 AND key_id NOT LIKE '~%'`,
    [DOMAIN],
  );
  expect(rows).toEqual([{ key_id: 'domain-1' }]);
  await expect(forget('domain-1')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', body: { field: 'key_id' } });
  expect(ring.epoch).toBe(1);
});

test('the outgoing key announces its successor and signs nothing else; after the close, nothing at all', async () => {
  const next = await rotated(await created(DOMAIN, 'domain-1'), 'domain-2');
  const announce = (event_type: string, key_id: string, epoch: number) =>
    askScope<EnvelopeReply>(DOMAIN, 'announce', { epoch, event_type, key_id, ...event() });

  const { envelope } = await announce('signing_key_rotated', 'domain-1', 2);
  expect(verifies(envelope, next.keys[0])).toBe('domain-1');
  expect(JSON.parse(parseEnvelope(envelope).payload)).toMatchObject({
    current: next.keys[1]?.public_key,
    previous: next.keys[0]?.public_key,
    statement: next.statement,
  });
  await expect(announce('platform_key_rotated', 'domain-1', 2)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  for (const [verb, body] of [
    ['sign-jws', { payload: {} }],
    ['sign-envelope', { event_type: 'note', ...event() }],
  ] as const) {
    await expect(askScope(DOMAIN, verb, { epoch: 2, ...body })).resolves.toMatchObject({ key_id: 'domain-2' });
  }

  const closed = transitionOf('domain-1', 'domain-2', 'closed');
  rotation.show(
    ringWith(DOMAIN, 3, next.keys.slice(1), {
      trust_epoch: 2,
      transition: closed,
      statement_hash: next.statement_hash,
    }),
  );
  await held(DOMAIN, 3);
  await expect(announce('signing_key_rotated', 'domain-1', 3)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(announce('signing_key_retired', 'domain-2', 3)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

describe('S5: stream_ready', () => {
  const node_id = '9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11';
  const readyFor = (n: number, changes: object = {}) => ({
    node_id,
    hello_id: `hello-${n}`,
    platform_epoch: 1,
    resumes_after: n,
    last_position: n + 1,
    event_id: `${node_id}/${randomUUID()}`,
    nonce: randomUUID(),
    ...changes,
  });
  const signReady = (epoch: number, readies: unknown, issued_at = new Date().toISOString()) =>
    askScope<SignReadyReply>(DOMAIN, 'sign-ready', { epoch, issued_at, readies });

  test('a signature each, by the active key, over what was asked and nothing else', async () => {
    const next = await rotated(await created(DOMAIN, 'domain-1'), 'domain-2');
    const readies = Array.from({ length: 256 }, (_, n) => readyFor(n));
    const { envelopes, key_id } = await signReady(2, readies);
    expect(key_id).toBe('domain-2');
    expect(envelopes).toHaveLength(256);
    for (const [n, text] of envelopes.entries()) {
      expect(verifies(text, next.keys[1])).toBe('domain-2');
      const { eventType, eventId, payload } = parseEnvelope(text);
      const { event_id, nonce, ...asked } = readies[n]!;
      expect([eventType, eventId, parseEnvelope(text).nonce]).toEqual(['stream_ready', event_id, nonce]);
      expect(JSON.parse(payload)).toEqual({ ...asked, epoch: 2 });
    }
    await expect(signReady(1, [readyFor(1)])).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 2 } });
  });

  test.each<[string, unknown]>([
    ['none', []],
    ['too many', Array.from({ length: 257 }, (_, n) => readyFor(n))],
    ['no list', { 0: readyFor(0), length: 1 }],
    ['null in the list', [null]],
    ['no Node', [readyFor(1, { node_id: 'node' })]],
    ['another Node in its id', [readyFor(1, { event_id: `${randomUUID()}/${randomUUID()}` })]],
    ['an id that is no pair', [readyFor(1, { event_id: node_id })]],
    ['a hello of another grammar', [readyFor(1, { hello_id: '"}' })]],
    ['an empty hello', [readyFor(1, { hello_id: '' })]],
    ['a nonce of another grammar', [readyFor(1, { nonce: 'n n' })]],
    ['half a position', [readyFor(1, { resumes_after: 0.5 })]],
    ['a position below zero', [readyFor(1, { resumes_after: -1 })]],
    ['a position as text', [readyFor(1, { last_position: '7' })]],
    ['an end before where it resumes', [readyFor(1, { last_position: 0 })]],
    ['no epoch of the platform', [readyFor(1, { platform_epoch: undefined })]],
  ])('%s is refused', async (_, readies) => {
    await created(DOMAIN, 'domain-1');
    const refused = { code: 'INVALID_ARGUMENT', body: { field: 'readies' } };
    await expect(signReady(1, readies)).rejects.toMatchObject(refused);
  });

  test('S9: a time that is far from the signer’s is refused', async () => {
    await created(DOMAIN, 'domain-1');
    const inAYear = new Date(Date.now() + 31_536_000_000).toISOString();
    await expect(signReady(1, [readyFor(1)], inAYear)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('many envelopes in one request', () => {
  const node_id = '9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11';
  const noteFor = (n: number, changes: object = {}) => ({
    event_type: 'note',
    event_id: `${node_id}/${randomUUID()}`,
    payload: n === 0 ? null : `{"n": ${n}.0, "html": "<&>"}`,
    nonce: randomUUID(),
    ...changes,
  });
  const signBatch = (epoch: number, envelopes: unknown, changes: object = {}) =>
    askScope<SignBatchReply>(DOMAIN, 'sign-batch', {
      epoch,
      issued_at: new Date().toISOString(),
      envelopes,
      ...changes,
    });

  test('a signature each, by the active key, in their order, and as sign-envelope makes it', async () => {
    const next = await rotated(await created(DOMAIN, 'domain-1'), 'domain-2');
    const envelopes = Array.from({ length: ENVELOPES_PER_REQUEST }, (_, n) => noteFor(n));
    const issued_at = new Date().toISOString();
    const signed = await signBatch(2, envelopes, { issued_at });
    expect(signed.key_id).toBe('domain-2');
    expect(signed.envelopes).toHaveLength(ENVELOPES_PER_REQUEST);
    const idsIn = (texts: readonly string[]) => texts.map((text) => parseEnvelope(text).eventId);
    expect(idsIn(signed.envelopes)).toEqual(envelopes.map(({ event_id }) => event_id));
    for (const text of signed.envelopes.slice(0, 16)) expect(verifies(text, next.keys[1])).toBe('domain-2');
    const last = { issued_at, ...envelopes.at(-1)! };
    const alone = await askScope<EnvelopeReply>(DOMAIN, 'sign-envelope', { epoch: 2, ...last });
    expect(signed.envelopes.at(-1)).toBe(alone.envelope);
  });

  test('at another epoch nothing is signed, nor for longer than anybody waits', async () => {
    await rotated(await created(DOMAIN, 'domain-1'), 'domain-2');
    await expect(signBatch(1, [noteFor(0)])).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 2 } });
    await expect(signBatch(2, [noteFor(0)], { duration_ms: D + 1 })).rejects.toMatchObject({
      body: { field: 'duration_ms' },
    });
    await expect(signBatch(2, [noteFor(0)])).resolves.toHaveProperty('key_id', 'domain-2');
  });

  test('a switch while a batch is being signed: there is no reply by the key that was active', async () => {
    const ring = await created(DOMAIN, 'domain-1');
    const envelopes = Array.from({ length: ENVELOPES_PER_REQUEST }, (_, n) => noteFor(n));
    const batches = Promise.allSettled(Array.from({ length: 8 }, () => signBatch(1, envelopes)));
    await rotated(ring, 'domain-2');
    const late = await signBatch(1, [noteFor(0)]).catch(({ body }: Problem) => body);
    expect(late).toMatchObject({ code: 'ABORTED', epoch: 2 });
    const refused = (await batches).flatMap((each) => (each.status === 'rejected' ? [each.reason as Problem] : []));
    for (const { code } of refused) expect(['ABORTED', 'DEADLINE_EXCEEDED']).toContain(code);
  });

  test('what is no batch is refused, and what is wrong with one envelope by its place', async () => {
    await created(DOMAIN, 'domain-1');
    const rows: [string, unknown, object][] = [
      ['none', [], { field: 'envelopes' }],
      ['too many', Array.from({ length: ENVELOPES_PER_REQUEST + 1 }, (_, n) => noteFor(n)), { field: 'envelopes' }],
      ['no list', { 0: noteFor(0), length: 1 }, { field: 'envelopes' }],
      ['null in the list', [noteFor(0), null], { field: 'envelopes' }],
      ['a list in the list', [[]], { field: 'envelopes' }],
      ['a payload that is no text', [noteFor(0, { payload: {} })], { field: 'envelopes' }],
      ['a payload that is left out', [noteFor(0, { payload: undefined })], { field: 'envelopes' }],
      ['a payload that is no JSON', [noteFor(0), noteFor(1, { payload: '{' })], { field: 'payload', index: 1 }],
      ['a nonce of another grammar', [noteFor(0, { nonce: 'n n' })], { field: 'nonce', index: 0 }],
      ['an id of another grammar', [noteFor(0), noteFor(1, { event_id: 'e-1' })], { field: 'event_id', index: 1 }],
      ['a type of another grammar', [noteFor(0, { event_type: 'A b' })], { field: 'event_type', index: 0 }],
    ];
    for (const [what, envelopes, body] of rows) {
      const answer = await signBatch(1, envelopes).catch((error: Problem) => error.body);
      expect({ what, ...answer }).toMatchObject({ what, code: 'INVALID_ARGUMENT', ...body });
    }
  });

  test('S9: a time that is far from the signer’s is refused, and event types that are ours', async () => {
    await created(DOMAIN, 'domain-1');
    const issued_at = new Date(Date.now() + 60_000).toISOString();
    await expect(signBatch(1, [noteFor(0)], { issued_at })).rejects.toMatchObject({ body: { field: 'issued_at' } });
    for (const event_type of ['signing_key_rotated', 'platform_key_rotated', 'stream_ready', 'channel_keys_changed']) {
      await expect(signBatch(1, [noteFor(0), noteFor(1, { event_type })])).rejects.toMatchObject({
        detail: 'signing: reserved event type',
        body: { index: 1 },
      });
    }
    await expect(signBatch(1, [noteFor(0, { event_type: 'resync' })])).resolves.toHaveProperty('key_id');
  });

  test('more than a request may have is refused unread, and one that does not fit a Node’s line with its place', async () => {
    await created(DOMAIN, 'domain-1');
    const long = (characters: number) => `"${'x'.repeat(characters)}"`;
    const tooMuch = Array.from({ length: 5 }, (_, n) => noteFor(n, { payload: long(60_000) }));
    await expect(signBatch(1, tooMuch)).rejects.toMatchObject({ detail: 'signing: request too large' });
    await expect(signBatch(1, tooMuch.slice(1))).resolves.toHaveProperty('key_id');
    await expect(signBatch(1, [noteFor(0), noteFor(1, { payload: long(65_500) })])).rejects.toMatchObject({
      detail: 'signing: envelope too large',
      body: { index: 1 },
    });
  });
});

test('S9: whoever has stolen the right to ask leaves with no envelope for later', async () => {
  await rotated(await created(DOMAIN, 'domain-1'), 'domain-2');
  const announce = { epoch: 2, event_type: 'signing_key_rotated', key_id: 'domain-1' };
  for (const [verb, body] of [
    ['sign-envelope', { epoch: 2, event_type: 'note' }],
    ['announce', announce],
  ] as const) {
    for (const [field, change] of [
      ['issued_at', { issued_at: '2036-05-01T10:00:00Z' }],
      ['issued_at', { issued_at: '9999-12-31T23:59:59Z' }],
      ['issued_at', { issued_at: new Date(Date.now() + 60_000).toISOString() }],
      ['issued_at', { issued_at: new Date(Date.now() - 60_000).toISOString() }],
      ['event_id', { event_id: 'e-1' }],
      ['nonce', { nonce: 'short' }],
    ] as const) {
      await expect(askScope(DOMAIN, verb, { ...body, ...event(change) })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        body: { field },
      });
    }
    await expect(askScope(DOMAIN, verb, { ...body, ...event() })).resolves.toHaveProperty('envelope');
  }
});

test('a reserved event type is nobody’s to sign, and a payload is nobody’s to announce', async () => {
  for (const event_type of ['signing_key_rotated', 'platform_key_rotated', 'stream_ready']) {
    await expect(askScope(PLATFORM, 'sign-envelope', { epoch: 1, event_type, ...event() })).rejects.toMatchObject({
      detail: 'signing: reserved event type',
    });
  }
  const announce = { epoch: 1, event_type: 'signing_key_rotated', key_id: 'platform-1', payload: '{}', ...event() };
  await expect(askScope(PLATFORM, 'announce', announce)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    body: { field: 'payload' },
  });
});

test('a bundle by the platform key, of the rings at these epochs and no others', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  const bundle = (epoch: number, platform_epoch: number) =>
    ask<SignBundleReply>(subjects.scopeSigner(PLATFORM, 'sign-bundle'), {
      scope: DOMAIN,
      epoch,
      platform_epoch,
      duration_ms: D,
    });
  const platformKeys = [{ keyId: 'platform-1', publicKey: publicKeyFromText(platformKey.public_key) }];
  await expect(verifyBundle((await bundle(1, 1)).bundle, platformKeys, new Date())).resolves.toMatchObject({
    scope: DOMAIN,
    statement_hash: ring.statement_hash,
    keys: [{ key_id: 'domain-1' }],
    platform: { keys: [{ key_id: 'platform-1' }] },
    recovery_public_key: publicKeyOf('recovery'),
  });
  await expect(bundle(2, 1)).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 1 } });
  await expect(bundle(1, 2)).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 1 } });
});

test('verifies what its ring trusts, and says no to everything else', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  const verify = (jws: string, scope = DOMAIN) => askScope(scope, 'verify', { jws });
  const { jws } = await askScope<SignReply>(DOMAIN, 'sign-jws', { payload: { data: 1, pattern: 'x' } });
  await expect(verify(jws)).resolves.toEqual({ valid: true, key_id: 'domain-1', payload: { data: 1, pattern: 'x' } });
  await expect(verify(jws, PLATFORM)).resolves.toEqual({ valid: false });
  await expect(verify('a.b.c')).resolves.toEqual({ valid: false });

  const next = await rotated(ring, 'domain-2');
  await expect(verify(jws)).resolves.toMatchObject({ valid: true });
  rotation.show(ringWith(DOMAIN, 3, next.keys.slice(1)));
  await held(DOMAIN, 3);
  await expect(verify(jws)).resolves.toEqual({ valid: false });
});

test('a prepared key is loaded by the holder that was asked, and a wrong one is refused with the reason', async () => {
  await created(DOMAIN, 'domain-1');
  const { public_key } = await generate(DOMAIN, 'domain-2', 2);
  const load = (key_id: string, key: string) =>
    ask(subjects.thatSigner(rotation.holder, 'load-key'), { scope: DOMAIN, key_id, public_key: key, duration_ms: D });
  await expect(load('domain-2', public_key)).resolves.toEqual({ loaded: true });
  await expect(load('domain-2', platformKey.public_key)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    body: { reason: 'public_key_mismatch' },
  });
  await expect(load('domain-9', public_key)).rejects.toMatchObject({ body: { reason: 'unknown_key' } });
});

test('bus credentials and the account, from typed fields', async () => {
  const user = createBusKey('user');
  const id = '5d9f7f0e-6a37-4a1f-9d6f-0a6f5d1c2b3a';
  const issue = { kind: 'node', id, name: 'edge-1', public_key: user.publicKey };
  const { jwt } = await ask<{ jwt: string }>(subjects.anySigner('issue-bus-credential'), issue);
  const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({ sub: user.publicKey, iss: accountKey.publicKey });

  const revocations = [{ public_key: user.publicKey, at: 1_900_000_000 }];
  const account = await ask<{ jwt: string }>(subjects.anySigner('sign-bus-account'), {
    revocations: revocationLines(revocations),
  });
  expect(JSON.parse(Buffer.from(account.jwt.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
    sub: accountKey.publicKey,
    iss: operatorKey.publicKey,
    nats: { revocations: { [user.publicKey]: 1_900_000_000 } },
  });

  const wrong = { ...issue, public_key: accountKey.publicKey };
  await expect(ask(subjects.anySigner('issue-bus-credential'), wrong)).rejects.toMatchObject({
    body: { field: 'public_key' },
  });
  const upper = { ...issue, id: id.toUpperCase() };
  await expect(ask(subjects.anySigner('issue-bus-credential'), upper)).rejects.toMatchObject({ body: { field: 'id' } });
});

describe('a bus credential', () => {
  const issue = {
    kind: 'node',
    id: '5d9f7f0e-6a37-4a1f-9d6f-0a6f5d1c2b3a',
    name: 'edge-1',
    public_key: createBusKey('user').publicKey,
  };
  const issued = async (more: object) => {
    const { jwt } = await ask<{ jwt: string }>(subjects.anySigner('issue-bus-credential'), { ...issue, ...more });
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { iat: number; exp?: number };
  };
  const nowS = () => Math.floor(Date.now() / 1_000);

  it('is of the second that rotation names, and of the signer where it names none', async () => {
    const at = nowS() - 100;
    expect(await issued({ issued_at: at, expires_at: at + 900, has_node_key: true })).toMatchObject({
      iat: at,
      exp: at + 900,
    });
    // A few seconds ahead: each token of a key is a second younger than the one before.
    expect((await issued({ issued_at: at + 110 })).iat).toBe(at + 110);
    const { iat, exp } = await issued({});
    expect([Math.abs(iat - nowS()) <= 5, exp]).toEqual([true, undefined]);
  });

  it.each([
    ['of a time that revocations to come would pass over', () => ({ issued_at: nowS() + 60 }), 'issued_at'],
    ['of no whole second', () => ({ issued_at: nowS() - 0.5 }), 'issued_at'],
    ['of a time in words', () => ({ issued_at: 'now' }), 'issued_at'],
    ['with a Node key by another name than yes or no', () => ({ has_node_key: 'yes' }), 'has_node_key'],
    ['with a Node key for an operator', () => ({ kind: 'operator', has_node_key: true }), 'has_node_key'],
  ])('is not made %s', async (_, more, field) => {
    await expect(issued(more())).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', body: { field } });
  });
});

test('an orderly stop gives the leases back', async () => {
  await signer.stop();
  expect(rotation.asked.at(-1)).toMatchObject({ epochs: {}, release: true });
  const gone = askScope(PLATFORM, 'sign-jws', { payload: {} });
  await expect(gone).rejects.toMatchObject({ detail: 'signing: no signer available' });
});

test('a signer with another KEK does not start', async () => {
  const other = join(folder, 'other-kek');
  await writeFile(other, randomBytes(32).toString('base64'), { mode: 0o600 });
  await expect(openMaterial({ databaseUrl: () => signerUrl, kekFile: other }, logger)).rejects.toMatchObject({
    code: 'other_kek',
  });
});

test('the log names scope, kid and epoch, and no secret', async () => {
  const ring = await created(DOMAIN, 'domain-1');
  await rotated(ring, 'domain-2');
  const lines = signer.log();
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'ring taken', scope: DOMAIN, kid: 'domain-2', epoch: 2 }),
  );
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'key ahead introduced', scope: DOMAIN, kid: 'domain-2', epoch: 2 }),
  );
  const text = JSON.stringify(lines);
  for (const secret of [operatorKey.seed, accountKey.seed, 'PRIVATE KEY', new URL(signerUrl).password]) {
    expect(text).not.toContain(secret);
  }
});
