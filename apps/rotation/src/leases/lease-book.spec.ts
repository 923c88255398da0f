import 'reflect-metadata';
import { storeOptions, migrateStore } from '@plexsphere/store';
import { eventually, testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { DataSource } from 'typeorm';
import type { RotationConfig } from '../rotation-config';
import { LeaseBook, type Renewal } from './lease-book';

const config = { leaseMs: 10_000, clockSkewMs: 30_000 } as RotationConfig;

/** A platform ring at epoch 1 and a Domain's at epoch 3, trusted since 2. */
const SEED = `
  INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ('rec', 'A', 'j');
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 1, 1), ('domain:d', 3, 2);
  INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state) VALUES
    ('platform', 'p1', 'Ed25519', 'AA', 'active'),
    ('domain:d', 'd1', 'Ed25519', 'BB', 'retired'),
    ('domain:d', 'd2', 'Ed25519', 'CC', 'active');
  INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash) VALUES
    ('platform', 1, 'create', 'p1', 'e1', 's1', 'h1'),
    ('domain:d', 1, 'create', 'd1', 'e2', 's2', 'h2'),
    ('domain:d', 2, 'rotate', 'd2', 'e3', 's3', 'h3'),
    ('domain:d', 3, 'close', 'd2', 'e4', NULL, NULL);`;

describe('leases', () => {
  let test: TestDatabase;
  let database: DataSource;
  let book: LeaseBook;

  beforeAll(async () => {
    test = await testDatabase({ name: 'store', prepare: migrateStore });
    await new DataSource({ type: 'postgres', url: test.url })
      .initialize()
      .then((owner) => owner.query(SEED).then(() => owner.destroy()));
    // As the service's own role: its grants are part of what is tried.
    database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
    book = new LeaseBook(database, config);
  }, 60_000);
  afterAll(async () => {
    await database.destroy();
    await test.drop();
  });
  afterEach(() => database.query('DELETE FROM ring.lease'));

  let turn = 0;
  const request = (epochs: Record<string, number>, holder = 'signer-1'): Renewal => ({
    holder,
    kind: 'signer',
    turn: ++turn,
    epochs,
  });

  const holding = async (scope: string, epoch: number): Promise<string[]> =>
    (await book.holdersBefore(scope, epoch)).map((each) => each.holder);

  it('hands a newcomer every ring, and grants nothing', async () => {
    const reply = await book.renew(request({}));
    expect(reply).toMatchObject({ lease_ms: 10_000, granted: [], recovery_public_key: 'rec' });
    expect(reply.rings.map((ring) => [ring.scope, ring.epoch])).toEqual([
      ['domain:d', 3],
      ['platform', 1],
    ]);
  });

  it('shows no retired key, and the statement of the trust epoch', async () => {
    const { rings } = await book.renew(request({ platform: 1 }));
    expect(rings).toEqual([
      expect.objectContaining({
        trust_epoch: 2,
        keys: [{ key_id: 'd2', state: 'active', algorithm: 'Ed25519', public_key: 'CC' }],
        statement: 's3',
        statement_hash: 'h3',
      }),
    ]);
  });

  it('grants present epochs only: neither one behind nor one ahead nor an unknown scope', async () => {
    expect((await book.renew(request({ platform: 1, 'domain:d': 2 }))).granted).toEqual(['platform']);
    expect((await book.renew(request({ platform: 2, 'domain:d': 3, 'domain:x': 1 }))).granted).toEqual(['domain:d']);
    expect((await book.renew(request({ platform: 1, 'domain:d': 3 }))).rings).toEqual([]);
  });

  it('a ring that changes between the commit of the row and the read is not granted, and the row tells of it', async () => {
    // What a commit that comes in between looks like: the row stands at the old epoch, the ring is at the new one.
    const renewing = book.renew(request({ platform: 1, 'domain:d': 2 }));
    expect((await renewing).granted).not.toContain('domain:d');
    expect(await holding('domain:d', 3)).toEqual(['signer-1']);
    await book.renew(request({ platform: 1, 'domain:d': 3 }));
    expect(await holding('domain:d', 3)).toEqual([]);
    expect(await book.holdersAt('domain:d', 3)).toEqual(['signer-1']);
  });

  it('one row for each holder; one that gives its leases back holds up nobody', async () => {
    await book.renew(request({ 'domain:d': 2 }, 'signer-1'));
    await book.renew(request({ 'domain:d': 2 }, 'signer-2'));
    await book.renew(request({ 'domain:d': 2 }, 'signer-2'));
    expect(await holding('domain:d', 3)).toEqual(['signer-1', 'signer-2']);
    await book.release('signer-1');
    expect(await book.liveSigners()).toEqual(['signer-2']);
  });

  it('a renewal that was held up on its way takes no lease away, and is granted nothing', async () => {
    const late = request({ platform: 1 });
    await book.renew(request({ platform: 1, 'domain:d': 3 }));
    expect(await book.renew(late)).toMatchObject({ granted: [], rings: [] });
    expect(await book.holdersAt('domain:d', 3)).toEqual(['signer-1']);
  });

  it('no clock of the database says who is gone: a row that kept its turn for L, by our own, is swept', async () => {
    const short = new LeaseBook(database, { ...config, leaseMs: 50 } as RotationConfig);
    await short.renew(request({ 'domain:d': 2 }));
    await database.query(`UPDATE ring.lease SET renewed_at = renewed_at - interval '1 day'`);
    await short.sweep();
    expect(await holding('domain:d', 3)).toEqual(['signer-1']);
    await eventually(async () => {
      await short.sweep();
      return (await holding('domain:d', 3)).length === 0;
    });
    await short.renew(request({ 'domain:d': 2 }));
    await short.sweep();
    expect(await holding('domain:d', 3)).toEqual(['signer-1']);
  });

  it('knows when a holder has seen a later epoch than the ring has', async () => {
    await book.renew(request({ 'domain:d': 4 }));
    expect(await book.hasSeenLater(database.manager, 'domain:d', 3)).toBe(true);
    expect(await book.hasSeenLater(database.manager, 'platform', 1)).toBe(false);
  });
});
