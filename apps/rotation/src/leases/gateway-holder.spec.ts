// A holder of leases that is no signer: waited for like one, never taken for one. On real PostgreSQL and a real bus.
import 'reflect-metadata';
import { LEASE_HOLDER, LeaseGuard, NotLoadable, leaseHolding, type LeaseHolder } from '@plexsphere/lease-holder';
import type { NatsServer } from '@plexsphere/stack';
import { migrateStore, storeOptions } from '@plexsphere/store';
import {
  TestRings,
  endBus,
  eventually,
  seedInstallation,
  seedRing,
  startedBus,
  testDatabase,
  type TestDatabase,
  type TestRing,
} from '@plexsphere/testkit';
import { runParts, type RunningParts } from '@plexsphere/testkit/services';
import { PLATFORM, SIGNING_DURATION_MS, inboxOf, type RingView, type UserKind } from '@plexsphere/wire';
import { connect, type NatsConnection } from 'nats';
import { DataSource } from 'typeorm';
import { RotationConfig } from '../rotation-config';
import { EpochSwitch } from '../rotations/epoch-switch';
import { LEASE_DATABASE } from '../transactions/pools';
import { LaterStatements } from './later-statements';
import { LeaseBook } from './lease-book';
import { LeaseController } from './lease.controller';

jest.setTimeout(120_000);

const L = 6_000;
/** The machine may be busy with other tests: nothing here is about how soon. */
const PATIENCE = { timeoutMs: 60_000 };
const SCOPE = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';

/** Serves from memory what a ring names, as a gateway serves its key sets; it has no keys to load. */
class Gateway implements LeaseHolder<string[]> {
  readonly kind = 'gateway';
  readonly hears = {};
  isAble = true;
  readonly tookUp: string[] = [];

  async load(ring: RingView): Promise<string[]> {
    if (!this.isAble) throw new NotLoadable(undefined, 'starting');
    return ring.keys.map(({ key_id }) => key_id);
  }

  taken({ scope, epoch }: RingView): void {
    this.tookUp.push(`${scope} ${epoch}`);
  }
}

let database: TestDatabase;
let owner: DataSource;
let leases: DataSource;
let server: NatsServer;
let rotation: RunningParts;
let gateway: RunningParts;
let rings: TestRings;
let ring: TestRing;
const connections: NatsConnection[] = [];

const dial = async (kind: UserKind): Promise<NatsConnection> => {
  const connection = await connect({ servers: server.url, inboxPrefix: inboxOf(kind) });
  connections.push(connection);
  return connection;
};
const query = (text: string, values: unknown[] = []) => owner.query<Record<string, unknown>[]>(text, values);

beforeAll(async () => {
  database = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  // As the service's own role: its grants are part of what is tried.
  leases = await new DataSource(storeOptions(await database.urlAs('rotation'), 'test')).initialize();
  server = await startedBus();
  rings = new TestRings();
  await rings.create(PLATFORM, 'p1');
  ring = await rings.create(SCOPE, 'k1');
  await seedInstallation(query, rings);
  for (const each of rings.all()) await seedRing(query, each);
  const config = Object.assign(new RotationConfig(), { leaseMs: L, signingDurationMs: SIGNING_DURATION_MS });
  rotation = await runParts(await dial('rotation'), 'rotation', {
    controllers: [LeaseController],
    providers: [
      { provide: RotationConfig, useValue: config },
      { provide: LEASE_DATABASE, useValue: leases },
      LaterStatements,
      LeaseBook,
      EpochSwitch,
    ],
  });
});

afterAll(async () => {
  await rotation.stop();
  await Promise.all(connections.map((connection) => connection.close()));
  await Promise.all([owner.destroy(), leases.destroy()]);
  await Promise.all([endBus(server), database.drop()]);
});

let connection: NatsConnection;
beforeEach(async () => {
  connection = await dial('gateway');
  gateway = await runParts(connection, 'gateway', leaseHolding(Gateway));
  await eventually(() => served(ring.epoch), { describe: 'the lease', ...PATIENCE });
});
afterEach(async () => {
  // One that was cut off gives nothing back, and its connection is closed already.
  await gateway.stop().catch(() => undefined);
  await query(`DELETE FROM ring.lease`);
});

const holder = (): string => String(gateway.log().findLast(({ msg }) => msg === 'lease holder')?.['holder']);
const does = (): Gateway => gateway.get<Gateway>(LEASE_HOLDER);
const switching = (): EpochSwitch => rotation.get(EpochSwitch);
const book = (): LeaseBook => rotation.get(LeaseBook);

/** What it serves of the ring, at that epoch, under its lease; undefined where it may not. */
const served = (epoch?: number): Promise<string[] | undefined> =>
  gateway
    .get<LeaseGuard<string[]>>(LeaseGuard)
    .under([{ scope: SCOPE, epoch }], 1, ({ loaded }) => loaded)
    .catch(() => undefined);

async function rotate(keyId: string): Promise<number> {
  const before = ring.epoch;
  await ring.rotate(keyId, new Date());
  await owner.transaction((manager) => seedRing((text, values) => manager.query(text, values), ring, before));
  return ring.epoch;
}

test('it takes every ring, holds its lease by a row of its own kind, and works by what it loaded', async () => {
  expect(await served()).toEqual(['k1']);
  expect(holder()).toMatch(/^gateway-[0-9a-f]{8}$/);
  // The two rings are loaded and claimed each on its own.
  await eventually(
    async () => {
      const [row] = await query(`SELECT holder, kind, epochs FROM ring.lease`);
      expect(row).toEqual({ holder: holder(), kind: 'gateway', epochs: { [SCOPE]: ring.epoch, [PLATFORM]: 1 } });
      return true;
    },
    { describe: 'both leases', ...PATIENCE },
  );
  expect(does().tookUp.sort()).toEqual([`${SCOPE} ${ring.epoch}`, `${PLATFORM} 1`]);
});

test('a switch waits for its confirmation, and by then it serves the new ring alone', async () => {
  const epoch = await rotate('k2');
  const { confirmed, lapsed } = await switching().complete(SCOPE, epoch);
  expect([confirmed, lapsed]).toEqual([[holder()], []]);
  expect(await served(epoch)).toEqual(expect.arrayContaining(['k2']));
  expect(await served(epoch - 1)).toBeUndefined();
});

test('one that cannot take the new ring holds the switch up until its lease has run out, and serves neither', async () => {
  does().isAble = false;
  const epoch = await rotate('k3');
  const beganAt = performance.now();
  const { confirmed, lapsed } = await switching().complete(SCOPE, epoch);
  expect(performance.now() - beganAt).toBeGreaterThan(L);
  expect([confirmed, lapsed]).toEqual([[], [holder()]]);
  expect(await served()).toBeUndefined();
  does().isAble = true;
  await eventually(() => served(epoch), { describe: 'the ring that can be loaded now', ...PATIENCE });
});

test('one that is cut off lets its lease lapse: it is waited for, and serves nothing when the switch returns', async () => {
  const cutOff = holder();
  await connection.close();
  const epoch = await rotate('k4');
  const { lapsed } = await switching().complete(SCOPE, epoch);
  expect(lapsed).toEqual([cutOff]);
  expect(await served()).toBeUndefined();
});

test('it is never taken for a signer: none is there, none has a wrong clock, nobody signs by the ring', async () => {
  expect(await book().holdersAt(SCOPE, ring.epoch)).toEqual([holder()]);
  expect(await book().liveSigners()).toEqual([]);
  await query(`UPDATE ring.lease SET clock_off_ms = 400000`);
  expect(await book().clocksOff()).toEqual([]);
  expect(await switching().isServed(SCOPE, ring.epoch)).toBe(false);
});
