// Every kind of ring that the domain has a policy for, through its life on a real PostgreSQL; the signers are played.
import 'reflect-metadata';
import { hasStatements, SCOPE_POLICIES, scopePolicy } from '@plexsphere/keyring';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { ALGORITHMS, isScope, PLATFORM, SCOPE_KINDS, type AlgorithmName, type ScopeKind } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { Heart, identity, type Replica } from '../../testing/heart';
import { existing, snapshotRing } from './read-ring';
import { ringView } from './ring-view';

jest.setTimeout(120_000);

const PARTS: Record<string, string> = {
  ...{ id: 'cccccccc-cccc-4ccc-8ccc-cccccccccccc', slug: 'one-of-many', from: 'app', to: 'plugin' },
};
const KINDS = Object.keys(SCOPE_POLICIES) as ScopeKind[];

test('each policy is of a kind that scopes have, and each kind has one', () => {
  expect([...KINDS].sort()).toEqual(Object.keys(SCOPE_KINDS).sort());
});

test.each(KINDS)('keys of %s are of algorithms that there are', (kind) => {
  const { algorithm, algorithms } = scopePolicy(kind);
  expect(Object.keys(ALGORITHMS)).toEqual(expect.arrayContaining([...algorithms]));
  expect(algorithms).toContain(algorithm);
});

describe('a ring', () => {
  let heart: Heart;
  let replica: Replica;
  let database: DataSource;
  beforeEach(async () => {
    const test = await testDatabase({ name: 'store', prepare: migrateStore });
    heart = await Heart.start(test);
    replica = await heart.replica();
    database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
  });
  afterEach(async () => {
    await database.destroy();
    await heart.stop();
  });

  /** Each algorithm that its keys may be of. */
  const rings = KINDS.filter((kind) => kind !== 'platform' && hasStatements(scopePolicy(kind))).flatMap((kind) =>
    scopePolicy(kind).algorithms.map((algorithm) => [kind, algorithm as AlgorithmName] as const),
  );
  test.each(rings)('of kind %s with keys of %s is created, rotated and closed', async (kind, algorithm) => {
    const scope = SCOPE_KINDS[kind].replace(/<(\w+):\w+>/g, (_, part: string) => PARTS[part] ?? '');
    expect(isScope(scope)).toBe(true);
    const { newKey, signs } = scopePolicy(kind);
    const view = async () => ringView(await existing(snapshotRing(database, scope)));
    const keysOf = async () => (await view()).keys.map(({ key_id, state, algorithm: of }) => [key_id, state, of]);

    const refusal = { name: 'domainExists', field: 'id' } as const;
    const issuer = async () => ({ url: 'https://id.example.com', isDefault: true, unseats: null });
    const born = { scope, keyId: 'a', own: { algorithm }, refusal, ...(signs.includes('token') && { issuer }) };
    await replica.createRing.create(born, identity('domain.create'));
    expect(heart.signers.asked[0]?.body).toMatchObject({ type: 'create', scope, algorithm });

    const staged = newKey === 'is_staged_first';
    const staging = { scope, newKeyId: 'b', rotateWithinMs: 86_400_000, reason: null };
    if (staged) await replica.stageKey.stage(staging, identity('signing.stage'));
    // Nobody waits here until every verifier has heard of it.
    const rotating = { scope, newKeyId: 'b', reason: null, force: staged };
    await replica.openRotation.open(rotating, identity('signing.rotate'));
    expect(await keysOf()).toEqual([
      ['b', 'active', algorithm],
      ['a', 'retiring', algorithm],
    ]);
    const { keys, transition } = await view();
    expect(keys[0]?.verifies_until).toBeNull();
    expect(Date.parse(keys[1]?.verifies_until ?? '')).toBeLessThanOrEqual(
      Date.parse(transition?.transition_expires ?? ''),
    );

    const closing = { scope, oldKeyId: 'a', newKeyId: 'b', force: staged };
    await replica.closeRotation.close(closing, identity('signing.close'));
    expect(await keysOf()).toEqual([['b', 'active', algorithm]]);
    expect((await existing(snapshotRing(database, PLATFORM))).ring.epoch).toBe(1);
  });
});
