// A signer on a real bus and a real PostgreSQL, with a channel's ring; rotation, relay and members are played by the spec.
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
  CHANNEL_KEYS_CHANGED,
  MESH_ALGORITHM,
  NonceMemory,
  PLATFORM,
  SIGNING_DURATION_MS,
  channelProof,
  checkValue,
  inboxOf,
  makeSealingPair,
  parseEnvelope,
  publicKeyFromText,
  publicText,
  readKeysChanged,
  subjects,
  unsealSecret,
  verifyEnvelope,
  type ChannelKeysChanged,
  type KeyView,
  type MemberView,
  type RingView,
  type ScopeSignerVerb,
  type UserKind,
} from '@plexsphere/wire';
import type { AnnounceChannelReply, CheckProofsReply, GenerateKeyReply } from '@plexsphere/wire/commands';
import { connect, type NatsConnection } from 'nats';
import { DataSource } from 'typeorm';
import { openMaterial } from '../keys/material';
import { SignerModule } from '../signer.module';

jest.setTimeout(120_000);

// Far more than a request takes on a machine that is busy with other tests: what is tried is not how fast it is.
const L = 6_000;
const SLUG = 'c'.repeat(63);
const [FROM, TO] = ['a'.repeat(31), 'b'.repeat(31)];
/** The longest names that there are, so that what fits here fits. */
const SCOPE = `channel:${SLUG}:${FROM}-to-${TO}`;
const OTHER = `channel:${SLUG}:${TO}-to-${FROM}`;
const kidOf = (n: number): string => `key-${n}`.padEnd(128, 'x');
const UNTIL = '2036-05-02T10:00:30.000Z';

const folder = temporaryFolder();
const kekFile = join(folder, 'kek');
const connections: NatsConnection[] = [];

let database: TestDatabase;
let server: NatsServer;
let owner: DataSource;
let kek: KekProvider;
let platform: RingView;
let rotation: FakeRotation;
let asRotation: Bus;
let asRelay: Bus;
let signer: RunningParts;

/** By key id, as their wrapped rows hold them. */
const secrets = new Map<string, Buffer>();
const pairs = new Map<string, ReturnType<typeof makeSealingPair>>();
const [SENDER, RECEIVER, STRANGER] = [randomUUID(), randomUUID(), randomUUID()];

async function dial(kind: UserKind): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url, inboxPrefix: inboxOf(kind) });
  connections.push(connection);
  return connection;
}

const ringOf = (scope: string, epoch: number, keys: KeyView[], more: Partial<RingView> = {}): RingView => ({
  ...{ scope, epoch, trust_epoch: epoch, keys, transition: null, statement: null, statement_hash: null },
  ...{ head_epoch: epoch, next: null, issuer: null, ...more },
});

async function keyNamed(keyId: string, state: KeyView['state'], scope = SCOPE): Promise<KeyView> {
  const { privateKey } = await makeSigningKey(owner, kek, { scope, keyId }, 'HS256');
  const secret = privateKey.secret();
  secrets.set(keyId, secret);
  const verifies_until = state === 'retiring' ? UNTIL : null;
  const check_value = checkValue(secret, scope, keyId);
  return { key_id: keyId, state, algorithm: 'HS256', public_key: null, verifies_until, check_value };
}

function memberOf(nodeId: string, side: string): MemberView {
  const pair = pairs.get(nodeId) ?? makeSealingPair();
  pairs.set(nodeId, pair);
  return { node_id: nodeId, side, sealing_key: pair.publicKey };
}
const bothSides = (): MemberView[] => [memberOf(SENDER, FROM), memberOf(RECEIVER, TO)];

const opened = { opened_at: '2036-05-01T10:00:00Z', closes_at: '2036-05-02T10:00:00Z' };
const transition = (old_key_id: string, new_key_id: string): RingView['transition'] => ({
  ...{ old_key_id, new_key_id, ...opened, transition_expires: UNTIL, outcome: null, activated_at: null },
});

beforeAll(async () => {
  await writeFile(kekFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  database = await testDatabase({ name: 'material', prepare: (url) => migrateMaterial(url, 'plexsphere_test_signer') });
  server = await startedBus();
  owner = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  kek = await readKekFile(kekFile);
  const { privateKey } = await makeSigningKey(owner, kek, { scope: PLATFORM, keyId: 'p1' }, MESH_ALGORITHM);
  const key: KeyView = {
    ...{ key_id: 'p1', state: 'active', algorithm: MESH_ALGORITHM },
    ...{ public_key: publicText(privateKey), verifies_until: null },
  };
  platform = ringOf(PLATFORM, 7, [key], { statement: '{}', statement_hash: 'h', next: 'n' });
});

afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await owner.destroy();
  await Promise.all([endBus(server), database.drop()]);
});

beforeEach(async () => {
  await owner.query(`DELETE FROM material.wrapped_key WHERE scope <> 'platform'`);
  const caller = await dial('rotation');
  asRotation = new Bus(caller);
  asRelay = new Bus(await dial('outbox-relay'));
  rotation = new FakeRotation(caller, L);
  rotation.rings = [platform];
  rotation.listen();
  const signerUrl = await database.urlAs('signer');
  const material = await openMaterial({ databaseUrl: () => signerUrl, kekFile }, createLogger('signer', 'error'));
  signer = await runParts(await dial('signer'), 'signer', { imports: [SignerModule.over(material)] });
});

afterEach(async () => {
  await signer.stop();
  rotation.fallSilent();
});

const request = <Reply>(who: Bus, verb: ScopeSignerVerb, body: object, scope = SCOPE): Promise<Reply> =>
  who.request<Reply>(
    subjects.scopeSigner(scope, verb),
    { duration_ms: SIGNING_DURATION_MS, ...body },
    { timeoutMs: 5_000, unavailable: 'noSigner' },
  );

/** The signer works by it. */
async function shown(ring: RingView): Promise<RingView> {
  rotation.show(ring);
  const isHeld = () =>
    rotation.confirmed(ring.scope, ring.epoch) &&
    signer.log().some(({ msg, scope }) => msg === 'lease held' && scope === ring.scope);
  await eventually(isHeld, { describe: `the lease of ${ring.scope}` });
  await eventually(
    async () => (await checked([], ring.scope).catch((error: { code: string }) => error.code)) === 'INVALID_ARGUMENT',
    { describe: 'an answer' },
  );
  return ring;
}

const asked = (nodeId: string, more: object = {}) => ({
  ...{ scope: SCOPE, node_id: nodeId, epoch: 7, event_id: `${nodeId}/${randomUUID()}` },
  ...{ issued_at: new Date().toISOString(), nonce: randomUUID(), ...more },
});

const announce = (nodeId: string, more: object = {}, scope = SCOPE): Promise<AnnounceChannelReply> =>
  request<AnnounceChannelReply>(asRelay, 'announce-channel', asked(nodeId, more), scope);

const checked = (proofs: object[], scope = SCOPE): Promise<CheckProofsReply> =>
  request<CheckProofsReply>(asRotation, 'check-proofs', { scope, proofs }, scope);

/** What a member reads, once it has verified who says so. */
function told({ envelope }: AnnounceChannelReply): ChannelKeysChanged {
  const parsed = parseEnvelope(envelope);
  const trusted = [{ keyId: 'p1', publicKey: publicKeyFromText(platform.keys[0]!.public_key) }];
  verifyEnvelope(parsed, trusted, new Date(), new NonceMemory());
  expect(parsed).toMatchObject({ scope: PLATFORM, eventType: CHANNEL_KEYS_CHANGED });
  return readKeysChanged(JSON.parse(parsed.payload));
}

const opens = (nodeId: string, { epoch, keys }: ChannelKeysChanged, keyId: string): Buffer => {
  const sealed = keys.find(({ key_id }) => key_id === keyId)?.secret;
  return unsealSecret(sealed, pairs.get(nodeId)!.privateKey, { scope: SCOPE, keyId, epoch, nodeId });
};

const shapeOf = ({ keys }: ChannelKeysChanged) =>
  keys.map(({ key_id, use, active, beside_seconds, verifies_until }) => ({
    ...{ key_id: key_id.replace(/x+$/, ''), use, active, beside_seconds, verifies_until },
  }));

const [K1, K2, K3, K4] = [kidOf(1), kidOf(2), kidOf(3), kidOf(4)];

test('a key is made once and said by its check value; there is no statement of it, and no key ahead', async () => {
  const birth = { type: 'create', scope: SCOPE, algorithm: 'HS256', epoch: 1, authority_epoch: 7, new_key_id: K1 };
  const generate = (body: object, by: string) =>
    request<GenerateKeyReply>(asRotation, 'generate-key', { opened_at: opened.opened_at, ...body }, by);
  const first = await eventually(() => generate(birth, PLATFORM).catch(() => undefined), { describe: 'the first key' });
  const { privateKey } = await makeSigningKey(owner, kek, { scope: SCOPE, keyId: K1 }, 'HS256');
  const check_value = checkValue(privateKey.secret(), SCOPE, K1);
  expect(first).toEqual({ public_key: null, check_value, statement: null, statement_hash: null, next: null });
  expect(await generate(birth, PLATFORM)).toEqual(first);

  const load = (members: object) =>
    asRotation.request(
      subjects.thatSigner(rotation.holder, 'load-key'),
      { scope: SCOPE, key_id: K1, public_key: null, duration_ms: SIGNING_DURATION_MS, ...members },
      { timeoutMs: 5_000, unavailable: 'noSigner' },
    );
  await expect(load({ check_value })).resolves.toEqual({ loaded: true });
  for (const wrong of [{}, { check_value: checkValue(privateKey.secret(), SCOPE, K2) }])
    await expect(load(wrong)).rejects.toMatchObject({ body: { reason: 'public_key_mismatch' } });

  await shown(ringOf(SCOPE, 1, [await keyNamed(K1, 'active')], { members: bothSides() }));
  const next = { ...birth, type: 'rotate', epoch: 2, authority_epoch: 1, old_key_id: K1, new_key_id: K2 };
  const times = { closes_at: opened.closes_at, transition_expires: UNTIL };
  const second = await generate({ ...next, ...times }, SCOPE);
  expect(second).toMatchObject({ public_key: null, statement: null, next: null });
  expect(second.check_value).not.toBe(check_value);
  await expect(generate({ ...next, ...times, algorithm: 'Ed25519' }, SCOPE)).rejects.toMatchObject({
    body: { field: 'algorithm' },
  });
});

describe('what a member is told', () => {
  test('while a key is staged: receivers have it first, senders not at all; each opens its own and no other’s', async () => {
    const keys = [await keyNamed(K1, 'active'), await keyNamed(K2, 'staged')];
    await shown(ringOf(SCOPE, 4, keys, { members: bothSides(), transition: transition(K1, K2) }));
    const reply = await announce(RECEIVER);
    expect(reply).toMatchObject({ ring_epoch: 4, key_id: 'p1' });
    const receiver = told(reply);
    expect(receiver).toMatchObject({ scope: SCOPE, epoch: 4, node_id: RECEIVER, side: TO });
    expect(shapeOf(receiver)).toEqual([
      { key_id: 'key-2', use: 'verify', active: false, beside_seconds: null, verifies_until: null },
      { key_id: 'key-1', use: 'verify', active: true, beside_seconds: null, verifies_until: null },
    ]);
    for (const { key_id, check_value } of receiver.keys) {
      expect(opens(RECEIVER, receiver, key_id)).toEqual(secrets.get(key_id));
      expect(check_value).toBe(checkValue(secrets.get(key_id)!, SCOPE, key_id));
      expect(() => opens(SENDER, { ...receiver, node_id: SENDER }, key_id)).toThrow();
    }
    const sender = told(await announce(SENDER));
    expect(sender.side).toBe(FROM);
    expect(shapeOf(sender)).toEqual([
      { key_id: 'key-1', use: 'sign', active: true, beside_seconds: null, verifies_until: null },
    ]);
    expect(opens(SENDER, sender, K1)).toEqual(secrets.get(K1));
  });

  test('in the overlap, and after a rollback: a sender signs by both for five minutes', async () => {
    const both = async (first: KeyView['state'], second: KeyView['state'], epoch: number) =>
      shown(
        ringOf(SCOPE, epoch, [await keyNamed(K1, first), await keyNamed(K2, second)], {
          ...{ members: bothSides(), transition: transition(K1, K2) },
        }),
      );
    await both('retiring', 'active', 5);
    expect(shapeOf(told(await announce(SENDER)))).toEqual([
      { key_id: 'key-2', use: 'sign', active: true, beside_seconds: null, verifies_until: null },
      { key_id: 'key-1', use: 'sign', active: false, beside_seconds: 300, verifies_until: UNTIL },
    ]);
    await both('active', 'retiring', 6);
    const [sender, receiver] = [told(await announce(SENDER)), told(await announce(RECEIVER))];
    expect(shapeOf(sender).map(({ key_id, active, beside_seconds }) => [key_id, active, beside_seconds])).toEqual([
      ['key-2', false, 300],
      ['key-1', true, null],
    ]);
    expect(shapeOf(receiver).map(({ key_id, beside_seconds }) => [key_id, beside_seconds])).toEqual([
      ['key-2', null],
      ['key-1', null],
    ]);
  });

  test('as many keys as a ring holds, under the longest names, fit one envelope, newest first', async () => {
    const states = ['retiring', 'retiring', 'active', 'staged'] as const;
    const keys = await Promise.all([K1, K2, K3, K4].map((keyId, i) => keyNamed(keyId, states[i]!)));
    await shown(ringOf(SCOPE, 9, keys, { members: bothSides(), transition: transition(K3, K4) }));
    const { keys: all } = told(await announce(RECEIVER));
    expect(all.map(({ key_id }) => key_id.slice(0, 5))).toEqual(['key-4', 'key-3', 'key-1', 'key-2']);
  });

  test('a key that verifies no more, or that was revoked, is nobody’s', async () => {
    const over = { ...(await keyNamed(K1, 'retiring')), verifies_until: new Date(Date.now() - 60_000).toISOString() };
    const keys = [over, await keyNamed(K2, 'active'), await keyNamed(K3, 'revoked')];
    await shown(ringOf(SCOPE, 5, keys, { members: bothSides() }));
    for (const nodeId of [SENDER, RECEIVER])
      expect(told(await announce(nodeId)).keys.map(({ key_id }) => key_id)).toEqual([K2]);
  });

  test('a Node that is no member holds nothing, and once it is none any more nothing is sealed to it', async () => {
    const ring = ringOf(SCOPE, 4, [await keyNamed(K1, 'active')], { members: bothSides() });
    await shown(ring);
    expect(told(await announce(STRANGER))).toMatchObject({ epoch: 4, node_id: STRANGER, keys: [] });
    expect(told(await announce(SENDER)).keys).toHaveLength(1);
    await shown({ ...ring, epoch: 5, members: bothSides().slice(1) });
    const { envelope } = await announce(SENDER);
    expect(JSON.parse(parseEnvelope(envelope).payload)).toMatchObject({ epoch: 5, node_id: SENDER, keys: [] });
    expect(envelope).not.toContain('secret');
  });

  test('is built anew each time: no two envelopes have one sealed text', async () => {
    await shown(ringOf(SCOPE, 4, [await keyNamed(K1, 'active')], { members: bothSides() }));
    const [one, other] = [told(await announce(SENDER)), told(await announce(SENDER))];
    expect(one.keys[0]?.secret).not.toBe(other.keys[0]?.secret);
  });

  test('where one of its keys does not open here, nothing: whoever is told of the others alone drops it', async () => {
    const keys = [await keyNamed(K1, 'active'), await keyNamed(K2, 'staged')];
    await owner.query(`UPDATE material.wrapped_key SET ciphertext = nonce WHERE key_id = $1`, [K2]);
    await shown(ringOf(SCOPE, 4, keys, { members: bothSides() }));
    await expect(announce(RECEIVER)).rejects.toMatchObject({ detail: 'signing: key unavailable' });
    // A sender is not told of it anyhow.
    expect(told(await announce(SENDER)).keys).toHaveLength(1);
  });
});

describe('what is refused', () => {
  beforeEach(async () => {
    await shown(ringOf(SCOPE, 4, [await keyNamed(K1, 'active')], { members: bothSides() }));
  });

  test.each<[string, object]>([
    ['a sealing key', { sealing_key: makeSealingPair().publicKey }],
    ['a side', { side: TO }],
    ['a payload', { payload: '{}' }],
    ['keys', { keys: [] }],
  ])('a request that names %s', async (_, members) => {
    const [field] = Object.keys(members);
    await expect(announce(RECEIVER, members)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', body: { field } });
  });

  test.each<[string, string, object]>([
    ['another Node in its id', 'event_id', { event_id: `${STRANGER}/${randomUUID()}` }],
    ['an id for whichever Node', 'event_id', { event_id: randomUUID() }],
    ['a Node that is none', 'node_id', { node_id: 'node' }],
    ['a time far from now', 'issued_at', { issued_at: '2036-05-01T10:00:00Z' }],
    ['a short nonce', 'nonce', { nonce: 'n' }],
    ['a ring of another kind', 'scope', { scope: PLATFORM }],
  ])('%s', async (_, field, members) => {
    await expect(announce(RECEIVER, members)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', body: { field } });
  });

  test('another epoch of the platform’s ring, which signs it', async () => {
    for (const epoch of [6, 8])
      await expect(announce(RECEIVER, { epoch })).rejects.toMatchObject({ code: 'ABORTED', body: { epoch: 7 } });
  });

  test('without the lease of both rings', async () => {
    rotation.remove(PLATFORM);
    await eventually(async () => announce(RECEIVER).catch(({ code }) => code === 'UNAVAILABLE'), {
      describe: 'the lease of the platform to go',
    });
  });

  test('a ring that this signer does not hold', async () => {
    const other = announce(RECEIVER, { scope: OTHER }, OTHER);
    await expect(other).rejects.toMatchObject({ detail: 'signing: no signer available' });
  });

  test('the event as anybody’s own, and anything by the secret itself', async () => {
    const event = { event_id: randomUUID(), issued_at: new Date().toISOString(), nonce: randomUUID() };
    await expect(
      request(
        asRelay,
        'sign-envelope',
        { scope: PLATFORM, epoch: 7, event_type: CHANNEL_KEYS_CHANGED, ...event },
        PLATFORM,
      ),
    ).rejects.toMatchObject({ detail: 'signing: reserved event type' });
    const of = { scope: SCOPE, epoch: 4 };
    const { issued_at } = event;
    const rows: [Bus, ScopeSignerVerb, object, string?][] = [
      [asRelay, 'sign-envelope', { ...of, event_type: 'note', ...event }],
      [asRelay, 'sign-batch', { ...of, issued_at, envelopes: [{ event_type: 'note', payload: null, ...event }] }],
      [asRelay, 'announce', { ...of, event_type: 'signing_key_rotated', key_id: K1, ...event }],
      [asRelay, 'announce', { ...of, event_type: 'platform_key_rotated', key_id: K1, ...event }],
      [asRotation, 'sign-jws', { ...of, payload: {} }],
      [asRotation, 'verify', { scope: SCOPE, jws: 'a.b.c' }],
      [asRotation, 'sign-bundle', { ...of, platform_epoch: 7 }, PLATFORM],
    ];
    for (const [who, verb, body, at] of rows) {
      const refused = { code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field: 'scope' }) as object };
      await expect(request(who, verb, body, at)).rejects.toMatchObject(refused);
    }
  });
});

test('a proof is right for its ring, key, epoch and member alone', async () => {
  const keys = [await keyNamed(K1, 'active'), await keyNamed(K2, 'staged')];
  await shown(ringOf(SCOPE, 4, keys, { members: bothSides() }));
  const named = { scope: SCOPE, keyId: K2, epoch: 4, nodeId: RECEIVER };
  const by = (over: Partial<typeof named> = {}, keyId = K2): string =>
    channelProof(secrets.get(keyId)!, { ...named, ...over });
  const said = (proof: string, over: object = {}) => ({ node_id: RECEIVER, key_id: K2, epoch: 4, proof, ...over });
  const { results } = await checked([
    said(by()),
    said(by({ keyId: K1 }, K1), { key_id: K1 }),
    said(by({ nodeId: SENDER })),
    said(by({ epoch: 5 })),
    said(by({ scope: OTHER })),
    said(by({}, K1)),
    said(by({ keyId: K3 }), { key_id: K3 }),
  ]);
  expect(results).toEqual(['right', 'right', 'wrong', 'wrong', 'wrong', 'wrong', 'unknown_key']);
  await expect(checked([said('no proof')])).rejects.toMatchObject({ body: { field: 'proofs' } });
});

test('a secret is in no log, no error, and nothing that crosses the bus', async () => {
  const traffic: string[] = [];
  const tap = await dial('operator');
  tap.subscribe('>', { callback: (_, { subject, data }) => void traffic.push(subject, Buffer.from(data).toString()) });
  await tap.flush();
  const keys = [await keyNamed(K1, 'active'), await keyNamed(K2, 'staged')];
  const ring = await shown(ringOf(SCOPE, 4, keys, { members: bothSides() }));
  const errors: unknown[] = [];
  for (const nodeId of [SENDER, RECEIVER, STRANGER]) await announce(nodeId);
  const proof = channelProof(secrets.get(K1)!, { scope: SCOPE, keyId: K1, epoch: 4, nodeId: SENDER });
  await checked([{ node_id: SENDER, key_id: K1, epoch: 4, proof }]);
  for (const wrong of [{ event_id: randomUUID() }, { epoch: 9 }, { nonce: '' }])
    await announce(RECEIVER, wrong).catch((error: unknown) => errors.push(error));
  // A check value that is another's: what does not load is logged, and refused.
  const lost = { ...(await keyNamed(K3, 'staged')), check_value: keys[0]!.check_value! };
  await shown({ ...ring, epoch: 5, keys: [...keys.slice(0, 1), lost] });
  await announce(RECEIVER).catch((error: unknown) => errors.push(error));
  expect(errors).toHaveLength(4);
  const written = JSON.stringify([signer.log(), errors, errors.map(String), traffic]);
  expect(written).toContain(SCOPE);
  for (const secret of secrets.values())
    for (const encoding of ['base64', 'base64url', 'hex', 'latin1'] as const)
      expect(written).not.toContain(secret.toString(encoding).replace(/=+$/, ''));
});
