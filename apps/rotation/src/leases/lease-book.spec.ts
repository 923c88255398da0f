import 'reflect-metadata';
import { createHash } from 'node:crypto';
import type { Bus, Logger } from '@plexsphere/service-kit';
import { storeOptions, migrateStore } from '@plexsphere/store';
import {
  LeaseRows,
  eventually,
  rsaPublicKey,
  seededRandom,
  testDatabase,
  type LeaseClaim,
  type TestDatabase,
} from '@plexsphere/testkit';
import { Problem, problem } from '@plexsphere/wire';
import type { RenewLease } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import type { RotationConfig } from '../rotation-config';
import { LaterStatements, hasLaterStatement } from './later-statements';
import { LeaseBook, type LeaseHolder } from './lease-book';
import { Signers } from './signers';

const config = { leaseMs: 10_000, clockSkewMs: 30_000, verifierCacheMs: 60_000 } as RotationConfig;
const logger = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };

const DOMAIN = 'domain:dddddddd-dddd-4ddd-8ddd-dddddddddddd';

/** A platform ring at epoch 1 and a Domain's at epoch 3, trusted since 2. */
const SEED = `
  INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ('rec', 'A', 'j');
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 1, 1), ('${DOMAIN}', 3, 2);
  INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state) VALUES
    ('platform', 'p1', 'Ed25519', 'AA', 'active'),
    ('${DOMAIN}', 'd1', 'Ed25519', 'BB', 'retired'),
    ('${DOMAIN}', 'd2', 'Ed25519', 'CC', 'active');
  INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash) VALUES
    ('platform', 1, 'create', 'p1', 'e1', 's1', 'h1'),
    ('${DOMAIN}', 1, 'create', 'd1', 'e2', 's2', 'h2'),
    ('${DOMAIN}', 2, 'rotate', 'd2', 'e3', 's3', 'h3'),
    ('${DOMAIN}', 3, 'close', 'd2', 'e4', NULL, NULL);`;

jest.setTimeout(60_000);

const another = { code: 'PERMISSION_DENIED', detail: 'signing: lease of another holder' };

describe('leases', () => {
  let test: TestDatabase;
  let owner: DataSource;
  let database: DataSource;
  let book: LeaseBook;

  beforeAll(async () => {
    test = await testDatabase({ name: 'store', prepare: migrateStore });
    owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
    await owner.query(SEED);
    // As the service's own role: its grants are part of what is tried.
    database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
    book = bookOf(config);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([database.destroy(), owner.destroy()]);
    await test.drop();
  });
  afterEach(async () => {
    await database.query('DELETE FROM ring.lease');
    jest.clearAllMocks();
  });

  const bookOf = (terms: RotationConfig): LeaseBook => {
    const log = logger as unknown as Logger;
    return new LeaseBook(database, new LaterStatements(database, log), terms, log);
  };

  let turn = 0;
  /** As each holder asks who keeps its secret to itself. */
  const request = (epochs: Record<string, number>, holder = 'signer-1', more: Partial<RenewLease> = {}): Renewal => [
    { kind: 'signer', holder },
    { secret: secretOf(holder), turn: ++turn, epochs, ...more },
  ];
  const row = async (holder = 'signer-1') => {
    const [found] = await database.query<Record<string, unknown>[]>(
      `SELECT kind, turn::int, epochs, ahead, refused_claims::int, released, clock_off_ms::int
         FROM ring.lease WHERE holder = $1`,
      [holder],
    );
    return found;
  };

  const holding = async (scope: string, epoch: number): Promise<string[]> =>
    (await book.holdersBefore(scope, epoch)).map((each) => each.holder);

  it('hands a newcomer every ring, and grants nothing', async () => {
    const reply = await book.renew(...request({}));
    expect(reply).toMatchObject({
      lease_ms: 10_000,
      granted: [],
      recovery_public_key: 'rec',
      verifier_cache_ms: 60_000,
    });
    expect(reply.rings.map((ring) => [ring.scope, ring.epoch])).toEqual([
      [DOMAIN, 3],
      ['platform', 1],
    ]);
  });

  it('shows no retired key, and the statement of the trust epoch', async () => {
    const { rings } = await book.renew(...request({ platform: 1 }));
    expect(rings).toEqual([
      expect.objectContaining({
        trust_epoch: 2,
        keys: [{ key_id: 'd2', state: 'active', algorithm: 'Ed25519', public_key: 'CC', verifies_until: null }],
        statement: 's3',
        statement_hash: 'h3',
      }),
    ]);
  });

  it('grants present epochs only: neither one behind nor one ahead nor an unknown scope', async () => {
    expect((await book.renew(...request({ platform: 1, [DOMAIN]: 2 }))).granted).toEqual(['platform']);
    expect((await book.renew(...request({ platform: 2, [DOMAIN]: 3, 'domain:x': 1 }))).granted).toEqual([DOMAIN]);
    expect((await book.renew(...request({ platform: 1, [DOMAIN]: 3 }))).rings).toEqual([]);
  });

  it('a ring that changes between the commit of the row and the read is not granted, and the row tells of it', async () => {
    // What a commit that comes in between looks like: the row stands at the old epoch, the ring is at the new one.
    const renewing = book.renew(...request({ platform: 1, [DOMAIN]: 2 }));
    expect((await renewing).granted).not.toContain(DOMAIN);
    expect(await holding(DOMAIN, 3)).toEqual(['signer-1']);
    await book.renew(...request({ platform: 1, [DOMAIN]: 3 }));
    expect(await holding(DOMAIN, 3)).toEqual([]);
    expect(await book.holdersAt(DOMAIN, 3)).toEqual(['signer-1']);
  });

  it('a removed ring is named to who claims it, and its claim stands in the row until it is claimed no more', async () => {
    await database.query(`UPDATE ring.key_ring SET epoch = 4, removed_at = now() WHERE scope = $1`, [DOMAIN]);
    const reply = await book.renew(...request({ platform: 1, [DOMAIN]: 3 }));
    expect(reply).toMatchObject({ granted: ['platform'], rings: [], removed: [DOMAIN] });
    expect(await holding(DOMAIN, 4)).toEqual(['signer-1']);
    expect(await book.renew(...request({ platform: 1 }))).toMatchObject({ removed: [], rings: [] });
    expect(await holding(DOMAIN, 4)).toEqual([]);
    await database.query(`UPDATE ring.key_ring SET epoch = 3, removed_at = NULL WHERE scope = $1`, [DOMAIN]);
  });

  it('one row for each holder; one that gives its leases back holds up nobody', async () => {
    await book.renew(...request({ [DOMAIN]: 2 }, 'signer-1'));
    await book.renew(...request({ [DOMAIN]: 2 }, 'signer-2'));
    await book.renew(...request({ [DOMAIN]: 2 }, 'signer-2'));
    expect(await holding(DOMAIN, 3)).toEqual(['signer-1', 'signer-2']);
    await book.release(...request({}, 'signer-1'));
    expect(await book.liveSigners()).toEqual(['signer-2']);
  });

  it('a renewal that was held up on its way takes no lease away, and is granted nothing', async () => {
    const late = request({ platform: 1 });
    await book.renew(...request({ platform: 1, [DOMAIN]: 3 }));
    expect(await book.renew(...late)).toMatchObject({ granted: [], rings: [] });
    expect(await book.holdersAt(DOMAIN, 3)).toEqual(['signer-1']);
  });

  it('no clock of the database says who is gone: a row that kept its turn for L, by our own, is swept', async () => {
    const short = bookOf({ ...config, leaseMs: 50 } as RotationConfig);
    await short.renew(...request({ [DOMAIN]: 2 }));
    await database.query(`UPDATE ring.lease SET renewed_at = renewed_at - interval '1 day'`);
    await short.sweep();
    expect(await holding(DOMAIN, 3)).toEqual(['signer-1']);
    await eventually(async () => {
      await short.sweep();
      return (await holding(DOMAIN, 3)).length === 0;
    });
    await short.renew(...request({ [DOMAIN]: 2 }));
    await short.sweep();
    expect(await holding(DOMAIN, 3)).toEqual(['signer-1']);
  });

  describe('of more rings than a message of the bus carries', () => {
    const MOST_BYTES = 1_048_576;
    const RINGS = 200;
    /** As long as statements of two RSA keys of 4,096 bits are, under the longest names. */
    const STATEMENT = 's'.repeat(5_200);
    const issuers = `split_part(scope, ':', 1) = 'issuer'`;

    beforeEach(async () => {
      const keys = ['RS256', 'PS256'].map((algorithm) => ({ algorithm, text: rsaPublicKey(4_096) }));
      await owner.query(
        `INSERT INTO ring.key_ring (scope, epoch, trust_epoch) SELECT 'issuer:i-' || n, 1, 1 FROM generate_series(1, $1) n`,
        [RINGS],
      );
      for (const [index, { algorithm, text }] of keys.entries()) {
        await owner.query(
          `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state)
           SELECT scope, 'k' || $1::int, $2, $3, $4 FROM ring.key_ring WHERE ${issuers}`,
          [index, algorithm, text, index === 0 ? 'active' : 'staged'],
        );
      }
      await owner.query(
        `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash)
         SELECT scope, 1, 'create', 'k0', 'e-' || scope, $1, 'h' FROM ring.key_ring WHERE ${issuers}`,
        [STATEMENT],
      );
    });
    afterEach(async () => {
      for (const table of ['ring_change', 'signing_key', 'key_ring'])
        await owner.query(`DELETE FROM ring.${table} WHERE ${issuers}`);
    });

    it('each answer is cut below it, and with a few of them a holder has all', async () => {
      const epochs: Record<string, number> = {};
      const taken: number[] = [];
      for (let last = -1; last !== 0;) {
        const reply = await book.renew(...request({ ...epochs }));
        expect(Buffer.byteLength(JSON.stringify(reply))).toBeLessThan(MOST_BYTES - 65_536);
        for (const { scope, epoch } of reply.rings) epochs[scope] = epoch;
        last = reply.rings.length;
        taken.push(last);
      }
      expect(Object.keys(epochs)).toHaveLength(RINGS + 2);
      // Otherwise they were too small to prove anything: all of them are more than one message.
      expect(taken[0]).toBeLessThan(RINGS);
      expect(taken.length).toBeLessThanOrEqual(4);
    });
  });

  it('what is null was left out', async () => {
    const nothing = { statements: null, clock_off_ms: null } as unknown as Partial<RenewLease>;
    expect((await book.renew(...request({ platform: 1 }, 'signer-1', nothing))).granted).toEqual(['platform']);
  });

  it('tells the time by the database', async () => {
    const before = Date.now() - 1;
    const { now } = await book.renew(...request({}));
    expect(Date.parse(now)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(now)).toBeLessThanOrEqual(Date.now());
  });

  describe('whose lease', () => {
    const thief = (asking: LeaseHolder, more: Partial<RenewLease>): Renewal => [
      asking,
      { secret: secretOf('thief'), turn: 1, epochs: {}, ...more },
    ];
    const OWNED = { kind: 'signer', holder: 'signer-1' } as const;

    it.each([
      ['a lower turn', OWNED, 1],
      ['a turn far higher', OWNED, Number.MAX_SAFE_INTEGER],
      ['another kind of credential', { kind: 'gateway', holder: 'signer-1' } as const, Number.MAX_SAFE_INTEGER],
    ])("S8: who lacks the secret neither renews nor releases another's lease: %s", async (_, asking, theirs) => {
      await book.renew(...request({ platform: 1, [DOMAIN]: 3 }));
      const before = await row();
      await expect(book.release(...thief(asking, { turn: theirs }))).rejects.toMatchObject(another);
      await expect(book.renew(...thief(asking, { turn: theirs }))).rejects.toMatchObject(another);
      await expect(
        book.renew(...thief(asking, { turn: theirs, epochs: { [DOMAIN]: Number.MAX_SAFE_INTEGER } })),
      ).rejects.toMatchObject(another);
      expect(await row()).toEqual(before);
      expect((await book.renew(...request({ [DOMAIN]: 3 }))).granted).toEqual([DOMAIN]);
    });

    it('S8: the right secret under another kind of credential is refused as well', async () => {
      await book.renew(...request({ platform: 1 }));
      const [, body] = request({});
      await expect(book.renew({ kind: 'gateway', holder: 'signer-1' }, body)).rejects.toMatchObject(another);
    });

    it('S8: the table keeps no secret, only what proves one', async () => {
      await book.renew(...request({}));
      const [stored] = await database.query<[{ text: string }]>('SELECT lease::text AS text FROM ring.lease AS lease');
      expect(stored.text).not.toContain(secretOf('signer-1'));
      expect(stored.text).toContain(createHash('sha256').update(secretOf('signer-1')).digest('hex'));
    });

    it('S8: a release that was held up takes nothing from what was renewed since', async () => {
      const late = request({}, 'signer-1', { release: true });
      await book.renew(...request({ [DOMAIN]: 3 }));
      await book.release(...late);
      expect(await row()).toMatchObject({ epochs: { [DOMAIN]: 3 }, released: false });
    });

    it('S8: a renewal that a release has overtaken is granted nothing and begins no lease', async () => {
      const late = request({ [DOMAIN]: 3 });
      await book.release(...request({}));
      expect(await book.renew(...late)).toMatchObject({ granted: [], rings: [] });
      expect(await row()).toMatchObject({ epochs: {}, released: true });
      expect(await holding(DOMAIN, 4)).toEqual([]);
      expect(await book.liveSigners()).toEqual([]);
    });

    it('S8: a row that was given back goes as one that ran out does', async () => {
      const short = bookOf({ ...config, leaseMs: 50 } as RotationConfig);
      await short.release(...request({}));
      await eventually(async () => {
        await short.sweep();
        return (await row()) === undefined;
      });
    });

    it('S8: a stolen credential makes a hundred rows and no more', async () => {
      const many = Array.from({ length: 100 }, (_, i) => `('s-${i}', 'signer', sha256(''), 1, '{}', 1, now())`);
      await database.query(
        `INSERT INTO ring.lease (holder, kind, secret_hash, turn, epochs, lease_ms, renewed_at) VALUES ${many.join()}`,
      );
      await expect(book.renew(...request({}))).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
      await database.query(`UPDATE ring.lease SET holder = 'signer-1', secret_hash = sha256($1) WHERE holder = 's-0'`, [
        Buffer.from(secretOf('signer-1')),
      ]);
      await expect(book.renew(...request({ platform: 1 }))).resolves.toMatchObject({ granted: ['platform'] });
    });
  });

  describe('a later epoch than the ring has', () => {
    it('S8: a bare number is no epoch of the row: refused there, counted, logged once, and it stops nobody', async () => {
      const book = bookOf(config);
      await book.renew(...request({ [DOMAIN]: 3 }, 'signer-2'));
      const claims = { platform: Number.MAX_SAFE_INTEGER, [DOMAIN]: Number.MAX_SAFE_INTEGER };
      const reply = await book.renew(...request(claims));
      expect(reply.granted).toEqual([]);
      expect(reply.rings.map(({ scope, epoch }) => [scope, epoch])).toEqual([
        [DOMAIN, 3],
        ['platform', 1],
      ]);
      await book.renew(...request(claims));
      expect(await row()).toMatchObject({ epochs: {}, ahead: claims, refused_claims: 4 });
      expect(logger.warn).toHaveBeenCalledTimes(1);
      expect(await hasLaterStatement(database.manager, DOMAIN)).toBe(false);
      expect((await book.renew(...request({ [DOMAIN]: 3 }, 'signer-2'))).granted).toEqual([DOMAIN]);
      expect((await book.renew(...request({ [DOMAIN]: 3 }))).granted).toEqual([DOMAIN]);
    });

    it('S8: only what stands in the row is granted, even if the ring reaches the claim in between', async () => {
      // A rotation is committed between the row's commit and the reading of the rings.
      const later = new LaterStatements(database, logger as unknown as Logger);
      const reach = (epoch: number) =>
        owner.query(`UPDATE ring.key_ring SET epoch = ${epoch} WHERE scope = '${DOMAIN}'`);
      const between = jest.spyOn(later, 'take').mockImplementationOnce(async () => void (await reach(4)));
      const renewed = new LeaseBook(database, later, config, logger as unknown as Logger);
      const { granted } = await renewed.renew(...request({ [DOMAIN]: 4 }));
      await reach(3);
      expect(between).toHaveBeenCalled();
      expect(granted).toEqual([]);
      expect(await row()).toMatchObject({ epochs: {} });
    });

    it('a scope that has no ring is no claim at all', async () => {
      await book.renew(...request({ 'domain:gone': 7 }));
      expect(await row()).toMatchObject({ epochs: {}, ahead: {} });
    });
  });

  it('P-3: a holder whose clock is wrong is granted nothing, is told nothing to load, and is named', async () => {
    const reply = await book.renew(...request({}, 'signer-1', { clock_off_ms: 400_400 }));
    expect(reply).toMatchObject({ granted: [], rings: [] });
    expect(await book.liveSigners()).toEqual([]);
    expect(await book.clocksOff()).toEqual([{ holder: 'signer-1', offMs: 400_400 }]);
    const signers = new Signers({} as Bus, book, new LaterStatements(database, logger as unknown as Logger));
    expect(await signers.explained(problem('noSigner'))).toMatchObject({
      body: { clocks: [{ holder: 'signer-1', off_by_seconds: 400 }] },
    });
    await book.renew(...request({ platform: 1 }));
    expect(await book.clocksOff()).toEqual([]);
    expect(await book.liveSigners()).toEqual(['signer-1']);
  });

  it('S8: does what the model of the table does, through any sequence of true, false, late and stolen claims', async () => {
    const random = seededRandom();
    const model = new LeaseRows();
    const book = bookOf(config);
    await database.query(`UPDATE ring.key_ring SET epoch = 3`);
    for (const scope of ['platform', DOMAIN]) model.rings.set(scope, 3);
    const holders = ['signer-1', 'signer-2', 'signer-3'];
    const turns = new Map(holders.map((holder) => [holder, 0]));

    const claimOf = (holder: string): LeaseClaim => {
      const turn = turns.get(holder) ?? 0;
      turns.set(holder, turn + 1);
      const scopes = random.shuffle(['platform', DOMAIN, 'domain:none']).slice(0, random.integer(0, 3));
      const near = (scope: string) => Math.max(1, (model.rings.get(scope) ?? 1) + random.integer(-1, 1));
      return {
        kind: random.next() < 0.95 ? 'signer' : 'gateway',
        holder,
        secret: secretOf(random.next() < 0.85 ? holder : 'thief'),
        turn: random.next() < 0.8 ? turn + 1 : random.integer(1, turn + 2),
        epochs: Object.fromEntries(
          scopes.map((scope) => [scope, random.next() < 0.9 ? near(scope) : Number.MAX_SAFE_INTEGER]),
        ),
        ...(random.next() < 0.15 ? { release: true } : {}),
      };
    };
    const ask = async ({ kind, holder, secret, turn, epochs, release }: LeaseClaim): Promise<unknown> => {
      try {
        if (release === true) return (await book.release({ kind, holder }, { secret, turn, epochs }), []);
        return (await book.renew({ kind, holder }, { secret, turn, epochs })).granted;
      } catch (error) {
        if (error instanceof Problem) return error.detail;
        throw error;
      }
    };
    const expected = (claim: LeaseClaim): unknown => {
      const entered = model.enter(claim);
      return entered === 'of another' ? another.detail : claim.release === true ? [] : model.granted(entered).sort();
    };
    const stored = async () => {
      const rows = await database.query<{ holder: string; row: object }[]>(
        `SELECT holder, jsonb_build_object('kind', kind, 'secret', encode(secret_hash, 'hex'), 'turn', turn,
                'epochs', epochs, 'released', released) AS row FROM ring.lease`,
      );
      return new Map(rows.map(({ holder, row: present }) => [holder, present]));
    };
    const modelled = () =>
      new Map([...model.rows].map(([holder, row]) => [holder, { ...row, secret: sha256(row.secret) }]));

    for (let step = 0; step < 250; step++) {
      const holder = random.pick(holders);
      const what = random.next();
      if (what < 0.05) {
        model.rows.delete(holder);
        await database.query('DELETE FROM ring.lease WHERE holder = $1', [holder]);
      } else if (what < 0.15) {
        const scope = random.pick([...model.rings.keys()]);
        model.rings.set(scope, (model.rings.get(scope) ?? 0) + 1);
        await database.query('UPDATE ring.key_ring SET epoch = epoch + 1 WHERE scope = $1', [scope]);
      } else {
        const claim = claimOf(holder);
        expect([step, claim, await ask(claim)]).toEqual([step, claim, expected(claim)]);
      }
      expect([step, await stored()]).toEqual([step, modelled()]);
      for (const [scope, epoch] of model.rings) {
        expect((await holding(scope, epoch)).sort()).toEqual(model.holdersBefore(scope, epoch).sort());
      }
    }
  });
});

type Renewal = [LeaseHolder, RenewLease];

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const secretOf = (holder: string): string => createHash('sha256').update(holder).digest('base64url');
