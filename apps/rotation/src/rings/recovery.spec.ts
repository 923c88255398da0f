// What the recovery key vouches for, and commitments made anew, on a real PostgreSQL; the signers are played.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { privateKeyOf, testDatabase } from '@plexsphere/testkit';
import { PLATFORM, publicText, type Scope } from '@plexsphere/wire';
import type { PrepareSuperior, PrepareSuperiorReply } from '@plexsphere/wire/commands';
import { statementSignature, type SigningKey } from '@plexsphere/wire/jws';
import { DOMAIN, HOLDERS, Heart, RECOVERY, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

const THIEF: SigningKey = { keyId: 'recovery', privateKey: privateKeyOf('thief') };
const SECOND: SigningKey = { keyId: 'recovery-2', privateKey: privateKeyOf('the second recovery key') };

let heart: Heart;
let one: Replica;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  one = await heart.replica();
});
afterEach(() => heart.stop());

const prepare = (members: Partial<PrepareSuperior> & Pick<PrepareSuperior, 'type'>): Promise<PrepareSuperiorReply> =>
  one.prepareSuperior.prepare({ scope: PLATFORM, ...members });
const revoke = (keyId: string, statement: string | undefined, newKeyId?: string) =>
  one.revokeKey.revoke(
    { scope: PLATFORM, keyId, newKeyId, discardStaged: false, reason: 'stolen', statement },
    identity('signing.revoke'),
  );
const recommit = (statement?: string, scope: Scope = PLATFORM) =>
  one.recommitRing.recommit({ scope, reason: 'lost', statement }, identity('signing.recommit'));
const rotateRecovery = (statement: string) =>
  one.rotateRecovery.rotate({ reason: 'exposed', statement }, identity('recovery.rotate'));
const installation = async (): Promise<object> => {
  const [row] = await heart.owner.query<object[]>(
    'SELECT recovery_key_id, recovery_public_key, recovery_used_at IS NOT NULL AS used FROM ring.installation',
  );
  return row ?? {};
};

const toRevoke = { type: 'revoke', key_id: 'p1', new_key_id: 'p2' } as const;

it('a key of the platform is thrown out: prepared by signers, vouched for elsewhere, and taken', async () => {
  const before = await heart.rows();
  const prepared = await prepare(toRevoke);
  expect(prepared).toMatchObject({
    statement: { type: 'revoke', scope: PLATFORM, epoch: 2, old_key_id: 'p1', new_key_id: 'p2', authority_epoch: null },
    recovery_key_id: 'recovery',
    recovery_public_key: publicText(RECOVERY.privateKey),
  });
  expect(await heart.rows()).toEqual(before);

  expect(await revoke('p1', await heart.vouched(prepared), 'p2')).toMatchObject({
    ...{ epoch: 2, revoked_key_id: 'p1', active_key_id: 'p2', replaced: true, gone: ['p1'], confirmed: HOLDERS },
    ...{ nodes: 1, domain_nodes: 1 },
  });
  expect(await installation()).toMatchObject({ recovery_key_id: 'recovery', used: true });
  const change =
    'SELECT by_superior, statement_hash IS NOT NULL AS stated FROM ring.ring_change WHERE scope = $1 AND epoch = 2';
  expect(await heart.owner.query(change, [PLATFORM])).toEqual([{ by_superior: true, stated: true }]);
  expect(heart.signers.asked.filter(({ verb }) => verb === 'destroy-key').map(({ body }) => body['key_id'])).toEqual([
    'p1',
  ]);
});

it('a name that nobody gave is the one that was prepared', async () => {
  const prepared = await prepare({ type: 'revoke', key_id: 'p1' });
  const { active_key_id } = await revoke('p1', await heart.vouched(prepared));
  expect(active_key_id).toBe(prepared.statement.new_key_id);
});

it.each<[string, (prepared: PrepareSuperiorReply) => Promise<unknown>, object]>([
  ['without it', () => revoke('p1', undefined, 'p2'), { detail: 'signing: recovery key needed' }],
  [
    'by another key',
    async (prepared) => revoke('p1', await heart.vouched(prepared, THIEF), 'p2'),
    { detail: 'signing: wrong recovery key' },
  ],
  [
    'for another key than is asked for',
    async (prepared) => revoke('p1', await heart.vouched(prepared), 'p3'),
    { body: { field: 'statement', reason: 'terms' } },
  ],
  [
    'for another command',
    async (prepared) => recommit(await heart.vouched(prepared)),
    { body: { field: 'statement', reason: 'terms' } },
  ],
  [
    'a Domain’s, which the platform key vouches for',
    async (prepared) => recommit(await heart.vouched(prepared), DOMAIN),
    { body: { field: 'statement', reason: 'authority' } },
  ],
  ['what is no statement', () => revoke('p1', '{}', 'p2'), { body: { field: 'statement', reason: 'malformed' } }],
])('is refused %s, and nothing has changed', async (_, ask, refusal) => {
  const prepared = await prepare(toRevoke);
  const before = await heart.rows();
  await expect(ask(prepared)).rejects.toMatchObject(refusal);
  expect(await heart.rows()).toEqual(before);
  expect(await installation()).toMatchObject({ used: false });
});

it('is refused where its statement is older than 30 s, or of a time to come', async () => {
  const prepared = await prepare(toRevoke);
  const at = (ms: number) => new Date(Date.parse(prepared.statement.opened_at) + ms).toISOString();
  for (const [opened_at, detail] of [
    [at(-31_000), 'signing: prepared too late'],
    [at(60_000), 'signing: invariant violation'],
  ] as const) {
    const statement = { ...prepared.statement, opened_at };
    const possession = await statementSignature(statement, heart.signers.statements.key(PLATFORM, 'p2'), 'possession');
    const text = await heart.vouched({ ...prepared, statement, possession });
    await expect(revoke('p1', text, 'p2')).rejects.toMatchObject({ detail });
  }
});

it('takes no key ahead that no signer made', async () => {
  const prepared = await prepare({ type: 'recommit' });
  const statement = { ...prepared.statement, next: 'A'.repeat(43) };
  const text = await heart.vouched({ ...prepared, statement });
  await expect(recommit(text)).rejects.toMatchObject({ body: { field: 'statement', reason: 'next' } });
});

it('is refused once the ring has moved on since it was prepared', async () => {
  const text = await heart.vouched(await prepare(toRevoke));
  await one.openRotation.open({ scope: PLATFORM, newKeyId: 'p3', reason: null }, identity('signing.rotate'));
  await expect(revoke('p1', text, 'p2')).rejects.toMatchObject({ detail: 'signing: epoch mismatch' });
});

it('the platform is rolled back by the recovery key where its new key cannot sign', async () => {
  await one.openRotation.open({ scope: PLATFORM, newKeyId: 'p2', reason: null }, identity('signing.rotate'));
  const statement = await heart.vouched(await prepare({ type: 'rollback' }));
  const asked = { scope: PLATFORM, oldKeyId: undefined, newKeyId: undefined, reason: null, statement };
  expect(await one.rollbackRotation.rollback(asked, identity('signing.rollback'))).toMatchObject({
    active_key_id: 'p1',
  });
  const change = 'SELECT by_superior FROM ring.ring_change WHERE scope = $1 AND epoch = 3';
  expect(await heart.owner.query(change, [PLATFORM])).toEqual([{ by_superior: true }]);
});

describe('a ring commits anew', () => {
  it.each<[string, Scope, () => Promise<string | undefined>]>([
    ['by the platform key', DOMAIN, async () => undefined],
    ['of the platform, by the recovery key', PLATFORM, async () => heart.vouched(await prepare({ type: 'recommit' }))],
  ])('%s: another key is ahead, and nothing that a Node trusts changes', async (_, scope, given) => {
    const [first] = await heart.statements(scope);
    heart.signers.statements.lost.add(first?.next ?? '');
    const reply = await recommit(await given(), scope);
    expect(reply).toMatchObject({ scope, epoch: 2, next: expect.not.stringMatching(first?.next ?? '') });
    expect(await heart.owner.query('SELECT epoch, trust_epoch FROM ring.key_ring WHERE scope = $1', [scope])).toEqual([
      { epoch: '2', trust_epoch: '1' },
    ]);
    expect(await heart.owner.query('SELECT event_type FROM outbox.event')).toEqual([{ event_type: 'chain' }]);
    const rotated = await one.openRotation.open({ scope, newKeyId: 'x2', reason: null }, identity('signing.rotate'));
    expect(rotated.epoch).toBe(3);
    expect((await heart.statements(scope)).at(-1)?.comesIn).toBe(reply.next);
  });

  it('in any state of the ring', async () => {
    await one.openRotation.open({ scope: DOMAIN, newKeyId: 'k2', reason: null }, identity('signing.rotate'));
    expect(await recommit(undefined, DOMAIN)).toMatchObject({ epoch: 3, active_key_id: 'k2' });
    expect(await heart.owner.query('SELECT outcome FROM ring.transition')).toEqual([{ outcome: null }]);
  });
});

describe('the recovery key gives way to another', () => {
  const asked = { type: 'recovery', new_key_id: 'recovery-2', new_public_key: publicText(SECOND.privateKey) } as const;
  const signed = async (prepared: PrepareSuperiorReply, by = RECOVERY): Promise<string> => {
    const possession = await statementSignature(prepared.statement, SECOND, 'possession');
    return heart.vouched({ ...prepared, possession }, by);
  };

  it('by a statement of both, told to every Node, and vouches for nothing any more', async () => {
    const early = await heart.vouched(await prepare({ type: 'recommit' }));
    const prepared = await prepare(asked);
    expect(prepared.possession).toBeNull();
    expect(await rotateRecovery(await signed(prepared))).toMatchObject({
      ...{ scope: PLATFORM, epoch: 2, active_key_id: 'p1', recovery_key_id: 'recovery-2', nodes: 1, domain_nodes: 1 },
      recovery_public_key: publicText(SECOND.privateKey),
    });
    expect(await installation()).toEqual({
      ...{ recovery_key_id: 'recovery-2', recovery_public_key: publicText(SECOND.privateKey), used: false },
    });
    expect(await heart.owner.query('SELECT FROM ring.signing_key WHERE scope = $1', [PLATFORM])).toHaveLength(1);
    const [first, second] = await heart.statements(PLATFORM);
    expect(second).toMatchObject({ type: 'recovery', next: first?.next });

    await expect(recommit(early)).rejects.toMatchObject({ detail: 'signing: wrong recovery key' });
    const byTheFirst = heart.vouched(await prepare({ type: 'recommit' }));
    await expect(recommit(await byTheFirst)).rejects.toMatchObject({ detail: 'signing: wrong recovery key' });
    const bySecond = heart.vouched(await prepare({ type: 'recommit' }), SECOND);
    expect(await recommit(await bySecond)).toMatchObject({ epoch: 3 });
  });

  it('by nobody else: not by the new one alone, nor by a thief', async () => {
    const prepared = await prepare(asked);
    await expect(signed(prepared, THIEF)).rejects.toMatchObject({ code: 'foreign_authority' });
    await expect(prepare({ ...asked, new_public_key: publicText(RECOVERY.privateKey) })).rejects.toMatchObject({
      body: { field: 'new_public_key' },
    });
    await expect(prepare({ ...asked, scope: DOMAIN })).rejects.toMatchObject({ body: { field: 'scope' } });
    expect(await installation()).toMatchObject({ recovery_key_id: 'recovery' });
  });
});
