// Keys of other services in an issuer's ring: by replicas on a real PostgreSQL; the signers are played.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { ALGORITHMS, PLATFORM, type AlgorithmName } from '@plexsphere/wire';
import { startChain, walkChain } from '@plexsphere/wire/jws';
import { CONFIG, Heart, OPERATOR, identity, type Replica } from '../../testing/heart';
import type { Asked } from '../operators/operator.guard';
import { existing, snapshotRing } from '../rings/read-ring';
import { ringView } from '../rings/ring-view';
import { StatusController } from '../status/status.controller';

jest.setTimeout(120_000);

const WEB = 'issuer:web';
const KID = 'https://old.example.com/keys#1 (2029)';
const HOUR_S = 3_600;
const ADMIN = { role: 'admin' } as const;

const foreign = new Map<AlgorithmName, string>();
let heart: Heart;
let one: Replica;
let aheadMs = 0;
beforeAll(async () => {
  for (const name of ['RS256', 'ES256'] as const) {
    foreign.set(name, (await ALGORITHMS[name].generate()).publicKey!.text);
  }
});
beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  one = await heart.replica();
  aheadMs = 0;
  const asked = { scope: WEB, url: 'https://id.example.com', algorithm: 'Ed25519', asDefault: false } as const;
  await one.createIssuer.create(asked, identity('issuer.create'));
});
afterEach(async () => {
  await one.rotator.atRest();
  await heart.stop();
});

const pass = (seconds: number): Promise<void> => heart.turnClock((aheadMs += seconds * 1_000));
const inSeconds = async (seconds: number): Promise<string> => {
  const [row] = await heart.owner.query<[{ at: Date }]>('SELECT clock_timestamp() AS at');
  return new Date(row.at.getTime() + seconds * 1_000).toISOString();
};
const asking = async (over = {}) => ({
  ...({ scope: WEB, algorithm: 'RS256', public_key: foreign.get('RS256')!, jwk_kid: KID } as const),
  ...{ foreign_signs_until: await inSeconds(HOUR_S), foreign_token_life_seconds: 24 * HOUR_S },
  ...over,
});
const imports = async (over = {}, by = one, as = identity('issuer.import')) =>
  by.importKey.import(await asking(over), 'moving here', as);
const refusal = async (work: Promise<unknown>) => {
  const [end] = await Promise.allSettled([work]);
  return end.status === 'fulfilled' ? 'done' : (end.reason as { body: object }).body;
};
const states = async (): Promise<string[]> => {
  const rows = await heart.owner.query<{ state: string; foreign: boolean }[]>(
    `SELECT state, foreign_signs_until IS NOT NULL AS foreign FROM ring.signing_key WHERE scope = $1 ORDER BY created_at`,
    [WEB],
  );
  return rows.map((row) => `${row.foreign ? 'foreign ' : ''}${row.state}`);
};
const view = async () => ringView(await existing(snapshotRing(heart.asRotation, WEB)));

it('verifies beside ours, under the name that its tokens have for it, and nobody makes or holds a key for it', async () => {
  const request = await asking();
  const reply = await one.importKey.import(request, null, identity('issuer.import'));
  expect(reply).toMatchObject({ scope: WEB, epoch: 2, jwk_kid: KID, algorithm: 'RS256', unready: [] });
  const until = Date.parse(request.foreign_signs_until) + 24 * HOUR_S * 1_000;
  expect([reply.tokens_until, reply.verifies_until].map((at) => Date.parse(at))).toEqual([
    until,
    until + CONFIG.clockSkewMs,
  ]);
  expect((await view()).keys).toEqual([
    expect.objectContaining({ state: 'active' }),
    {
      ...{ key_id: reply.imported_key_id, state: 'retiring', algorithm: 'RS256', public_key: foreign.get('RS256') },
      ...{ verifies_until: reply.verifies_until, foreign: { kid: KID } },
    },
  ]);
  expect(heart.signers.times('generate-key')).toBe(1);
  const asked = { operator: ADMIN, visibleScopes: () => [WEB] } as unknown as Asked;
  const { scopes } = await new StatusController(heart.asRotation, CONFIG).status({ scope: WEB }, asked);
  const terms = { jwk_kid: KID, foreign_signs_until: request.foreign_signs_until, tokens_until: reply.tokens_until };
  expect(
    scopes[0]?.keys.map(({ jwk_kid, foreign_signs_until, tokens_until }) => ({
      jwk_kid,
      foreign_signs_until,
      tokens_until,
    })),
  ).toEqual([{}, terms]);
  expect(heart.signers.asked.filter(({ verb }) => verb === 'load-key')).toHaveLength(2);
  const [audited] = await heart.owner.query<[{ actor: string; detail: object }]>(
    `SELECT actor, detail FROM ring.audit WHERE action = 'issuer.import'`,
  );
  expect(audited).toMatchObject({ actor: OPERATOR, detail: { jwk_kid: KID, algorithm: 'RS256' } });
});

it('is told by a statement of the platform’s key alone, which whoever walks the chain takes', async () => {
  const { imported_key_id: keyId } = await imports();
  await imports({ foreign_signs_until: await inSeconds(2 * HOUR_S) });
  const rows = await heart.owner.query<{ statement: string; change: string }[]>(
    'SELECT statement, change FROM ring.ring_change WHERE scope = $1 ORDER BY epoch',
    [WEB],
  );
  expect(rows.map(({ change }) => change)).toEqual(['create', 'import', 'import']);
  expect(rows.map(({ statement }) => JSON.parse(statement).signatures.length)).toEqual([2, 1, 1]);
  const { keyId: platformKeyId, privateKey } = heart.signers.statements.key(PLATFORM, 'p1');
  const superior = { keyId: platformKeyId, publicKey: privateKey.publicKey! };
  const [first, ...others] = rows.map(({ statement }) => statement);
  const anchor = walkChain(WEB, others, startChain(first!, superior), () => superior);
  expect(anchor.keys.map((key) => key.keyId)).toEqual([anchor.activeKeyId, keyId]);
  expect(anchor.stagedKeyId).toBeNull();
});

it('again is until later, and never until earlier', async () => {
  const first = await imports();
  const later = await imports({ foreign_signs_until: await inSeconds(5 * HOUR_S) });
  expect(later.imported_key_id).toBe(first.imported_key_id);
  expect(Date.parse(later.tokens_until)).toBeGreaterThan(Date.parse(first.tokens_until) + 3 * HOUR_S * 1_000);
  const before = await heart.rows();
  const earlier = await asking({ foreign_signs_until: await inSeconds(HOUR_S) });
  const refused = { code: 'INVALID_ARGUMENT', field: 'foreign_signs_until', tokens_until: later.tokens_until };
  expect(await refusal(one.importKey.import(earlier, null, identity('issuer.import')))).toMatchObject(refused);
  expect(await one.importKey.plan(earlier, ADMIN)).toMatchObject({
    refused,
    blocked_by: ['signing: invariant violation'],
  });
  expect(await heart.rows()).toEqual(before);
  expect((await view()).keys[1]?.verifies_until).toBe(later.verifies_until);
});

it('is put away by Resume when its last token is over, and may come back under another name', async () => {
  const { imported_key_id: keyId } = await imports();
  await pass(25 * HOUR_S + 31);
  one.resume.onApplicationBootstrap();
  await eventually(async () => (await states()).includes('foreign retired'), { timeoutMs: 60_000 });
  await one.resume.onModuleDestroy();
  expect((await view()).keys).toHaveLength(1);
  expect((await imports()).imported_key_id).toBe(`${keyId}-2`);
});

it('is thrown out by a revoke as any key, and never comes back', async () => {
  const { imported_key_id: keyId } = await imports();
  const revoking = {
    scope: WEB,
    keyId,
    newKeyId: undefined,
    discardStaged: false,
    reason: 'leaked',
    statement: undefined,
  };
  expect(await one.revokeKey.revoke(revoking, identity('signing.revoke'))).toMatchObject({
    gone: [keyId],
    replaced: false,
  });
  expect(await refusal(imports())).toMatchObject({ detail: 'signing: key revoked', key_id: keyId });
});

it('by the same request is answered the same, and of two at once at two replicas one comes in', async () => {
  const two = await heart.replica();
  const again = identity('issuer.import');
  const request = await asking();
  const first = await one.importKey.import(request, null, again);
  expect(await two.importKey.import(request, null, again)).toMatchObject({
    epoch: 2,
    tokens_until: first.tokens_until,
  });
  const other = { algorithm: 'ES256', public_key: foreign.get('ES256')!, jwk_kid: 'other' } as const;
  const ends = await Promise.allSettled([imports(other), imports(other, two)]);
  expect(ends.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  expect(await states()).toEqual(['active', 'foreign retiring', 'foreign retiring']);
});

it('survives a death between commit and switch: any replica finishes it', async () => {
  const dead = await heart.replica({ dies: true });
  void imports({}, dead).catch(() => undefined);
  await eventually(async () => (await states()).includes('foreign retiring'));
  one.resume.onApplicationBootstrap();
  const unswitched = () =>
    heart.owner.query<unknown[]>('SELECT FROM ring.ring_change WHERE switched_at IS NULL AND scope = $1', [WEB]);
  await eventually(async () => (await unswitched()).length === 0, { timeoutMs: 60_000 });
  await one.resume.onModuleDestroy();
  const { tokensUntil } = (await existing(snapshotRing(heart.asRotation, WEB))).keys[1]!;
  // What signers wrote down of tokens is of ours alone.
  expect(tokensUntil!.getTime() - Date.parse(await inSeconds(0))).toBeGreaterThan(24 * HOUR_S * 1_000);
});

it.each<[string, object, object]>([
  ['numbers that are no key', { public_key: 'AAAA' }, { field: 'public_key' }],
  ['a key of another algorithm', { algorithm: 'ES256' }, { field: 'public_key' }],
  ['a name of ours', { jwk_kid: 'ours' }, { detail: 'signing: key id in use' }],
  [
    'a time long ago',
    { foreign_signs_until: '2020-01-01T00:00:00Z' },
    { field: 'foreign_signs_until', reason: 'the last token is over by now' },
  ],
  [
    'a time that is mistyped',
    { foreign_signs_until: '2206-01-01T00:00:00Z' },
    { field: 'foreign_signs_until', reason: 'it is more than 366 days from now' },
  ],
])('is refused with %s, and nothing has changed; the plan says so before', async (_, over, refused) => {
  const [{ key_id: ours } = { key_id: '' }] = (await view()).keys;
  const request = await asking({ ...over, ...('jwk_kid' in over && { jwk_kid: ours }) });
  const before = await heart.rows();
  expect(
    await one.importKey.plan(request, ADMIN).catch((error: { body: object }) => ({ refused: error.body })),
  ).toMatchObject({ refused });
  expect(await refusal(one.importKey.import(request, null, identity('issuer.import')))).toMatchObject(refused);
  expect(await heart.rows()).toEqual(before);
});

it('is refused of our own key, under whatever name', async () => {
  const [ours] = (await view()).keys;
  const own = { algorithm: ours!.algorithm, public_key: ours!.public_key! };
  expect(await refusal(imports(own))).toMatchObject({ field: 'public_key', reason: expect.any(String) });
});

it('is refused of a key that signs in another ring here, whoever the issuer there is; of one that two others share it is not', async () => {
  const OTHER = 'issuer:other';
  const asked = {
    scope: OTHER,
    url: `https://id.example.com/issuers/other`,
    algorithm: 'ES256',
    asDefault: false,
  } as const;
  await one.createIssuer.create(asked, identity('issuer.create'));
  const rings = await Promise.all(
    [OTHER, PLATFORM].map(async (scope) => existing(snapshotRing(heart.asRotation, scope))),
  );
  const before = await heart.rows();
  for (const [key] of rings.map(({ keys }) => keys)) {
    const request = await asking({ algorithm: key!.algorithm, public_key: key!.publicKey! });
    const refused = { detail: 'signing: invariant violation', field: 'public_key' };
    expect(await one.importKey.plan(request, ADMIN)).toMatchObject({ refused });
    expect(await refusal(one.importKey.import(request, null, identity('issuer.import')))).toMatchObject(refused);
  }
  expect(await heart.rows()).toEqual(before);
  expect((await imports()).imported_key_id).toBe((await imports({ scope: OTHER })).imported_key_id);
});

it('says in a plan what it would do, and what it needs', async () => {
  const request = await asking();
  const before = await heart.rows();
  const plan = await one.importKey.plan(request, ADMIN);
  expect(plan).toMatchObject({ scope: WEB, jwk_kid: KID, moves_from: null, blocked_by: [], refused: null });
  expect(await one.importKey.plan(request, { role: 'operator' })).toMatchObject({
    blocked_by: ['signing: permission denied'],
  });
  expect(await heart.rows()).toEqual(before);
  const { imported_key_id: keyId, tokens_until } = await one.importKey.import(request, null, identity('issuer.import'));
  expect(plan).toMatchObject({ imported_key_id: keyId, tokens_until });
  expect(await one.importKey.plan(request, ADMIN)).toMatchObject({ imported_key_id: keyId, moves_from: tokens_until });
});

describe('a key whose tokens name none', () => {
  const nameless = { jwk_kid: undefined };
  const WINDOW = { overlap_window_seconds: 2 * HOUR_S };
  const decide = (algorithm: AlgorithmName) =>
    one.policies.set({ scope: WEB, algorithm, ...WINDOW }, identity('policy.set'), null);

  it('is told so, keeps every key of its type out, and lets them in again when it is put away', async () => {
    const { imported_key_id: keyId } = await imports(nameless);
    expect((await view()).keys[1]).toMatchObject({ key_id: keyId, foreign: { kid: null } });
    for (const algorithm of ['RS256', 'PS256'] as const) {
      expect(await refusal(decide(algorithm))).toMatchObject({
        field: 'algorithm',
        reason: expect.stringContaining(keyId),
      });
    }
    expect(await one.policies.plan({ scope: WEB, algorithm: 'RS256', ...WINDOW }, ADMIN)).toMatchObject({
      refused: { field: 'algorithm' },
    });
    await decide('ES256');
    await pass(25 * HOUR_S + 31);
    one.resume.onApplicationBootstrap();
    await eventually(async () => (await states()).includes('foreign retired'), { timeoutMs: 60_000 });
    await one.resume.onModuleDestroy();
    await decide('RS256');
  });

  it('is refused beside a key of its type, and where such are made', async () => {
    const rsa = { algorithm: 'ES256', public_key: foreign.get('ES256')! } as const;
    await imports({ ...rsa, jwk_kid: 'named' });
    await decide('RS256');
    expect(await refusal(imports(nameless))).toMatchObject({ detail: 'signing: another key of its type', key_ids: [] });
    await decide('Ed25519');
    await imports(nameless);
    const second = (await ALGORITHMS.RS256.generate()).publicKey!.text;
    expect(await refusal(imports({ public_key: second, jwk_kid: 'second' }))).toMatchObject({
      detail: 'signing: another key of its type',
    });
  });

  it('keeps a ring from its kind’s algorithm, which is shown', async () => {
    await one.policies.set({ scope: WEB, inherit: ['algorithm'], ...WINDOW }, identity('policy.set'), null);
    const { imported_key_id: keyId } = await imports(nameless);
    const kind = { kind: 'issuer', algorithm: 'RS256', ...WINDOW } as const;
    const { scopeKinds } = CONFIG;
    Object.assign(CONFIG, { scopeKinds: [...scopeKinds, 'issuer'] });
    const { lacking_rings: lacking } = await one.policies
      .set(kind, identity('policy.set'), null)
      .finally(() => Object.assign(CONFIG, { scopeKinds }));
    expect(lacking).toEqual([expect.objectContaining({ scope: WEB, reason: expect.stringContaining(keyId) })]);
  });
});
