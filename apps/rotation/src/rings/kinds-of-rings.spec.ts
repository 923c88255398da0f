// Every kind of ring that the domain has a policy for, through its life on a real PostgreSQL; the signers are played.
import 'reflect-metadata';
import { SCOPE_POLICIES, scopePolicy } from '@plexsphere/keyring';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { ALGORITHMS, isScope, PLATFORM, SCOPE_KINDS, type ScopeKind } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { Heart, identity, type Replica } from '../../testing/heart';
import { existing, snapshotRing } from './read-ring';
import { ringView } from './ring-view';

jest.setTimeout(120_000);

/** Names without a policy: a token may bear them, no ring has them. */
const RESERVED = ['issuer', 'channel'];
const PARTS: Record<string, string> = {
  ...{ id: 'cccccccc-cccc-4ccc-8ccc-cccccccccccc', slug: 'one-of-many', from: 'app', to: 'plugin' },
};
const KINDS = Object.keys(SCOPE_POLICIES) as ScopeKind[];

test('each policy is of a kind that scopes have, and every other kind is a reserved name', () => {
  expect([...KINDS, ...RESERVED].sort()).toEqual(Object.keys(SCOPE_KINDS).sort());
});

test.each(KINDS)('keys of %s are of an algorithm that there is', (kind) => {
  expect(Object.keys(ALGORITHMS)).toContain(scopePolicy(kind).algorithm);
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

  test.each(KINDS.filter((kind) => kind !== 'platform'))('of kind %s is created, rotated and closed', async (kind) => {
    const scope = SCOPE_KINDS[kind].replace(/<(\w+):\w+>/g, (_, part: string) => PARTS[part] ?? '');
    expect(isScope(scope)).toBe(true);
    const view = async () => ringView(await existing(snapshotRing(database, scope)));
    const keysOf = async () => (await view()).keys.map(({ key_id, state, algorithm }) => [key_id, state, algorithm]);
    const { algorithm } = scopePolicy(kind);

    const refusal = { name: 'domainExists', field: 'id' } as const;
    await replica.createRing.create({ scope, keyId: 'a', refusal }, identity('domain.create'));
    expect(heart.signers.asked[0]?.body).toMatchObject({ type: 'create', scope, algorithm });

    await replica.openRotation.open({ scope, newKeyId: 'b', reason: null }, identity('signing.rotate'));
    expect(await keysOf()).toEqual([
      ['b', 'active', algorithm],
      ['a', 'retiring', algorithm],
    ]);
    const { keys, transition } = await view();
    expect(keys.map(({ verifies_until }) => verifies_until)).toEqual([null, transition?.transition_expires]);

    const closing = { scope, oldKeyId: 'a', newKeyId: 'b', force: false };
    await replica.closeRotation.close(closing, identity('signing.close'));
    expect(await keysOf()).toEqual([['b', 'active', algorithm]]);
    expect((await existing(snapshotRing(database, PLATFORM))).ring.epoch).toBe(1);
  });
});
