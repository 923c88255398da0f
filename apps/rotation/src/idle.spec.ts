// What a replica asks of a database in which nothing is due, at each turn of what it does by itself: one statement, whatever
// there is that might be.
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, Health, Logger } from '@plexsphere/service-kit';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { CONFIG, Heart, type Replica } from '../testing/heart';
import type { AccountPusher } from './bus-account/account-pusher';
import { AccountSigning } from './bus-account/account-signing';
import { BusConnections } from './bus-account/bus-connections';
import { Revocations } from './bus-account/revocations';
import { FleetLoop } from './fleets/fleet-loop';
import { TakeFleetStep } from './fleets/take-fleet-step';
import type { Signers } from './leases/signers';
import { RetireKeys } from './node-keys/retire-keys';

jest.setTimeout(60_000);

const logger = { info: jest.fn(), warn: jest.fn(), error: jest.fn() } as unknown as Logger;
const health = { warn: () => undefined, check: () => undefined } as unknown as Health;

let heart: Heart;
let replica: Replica;
let database: DataSource;

beforeAll(async () => {
  const test = await testDatabase({ name: 'store', prepare: migrateStore });
  heart = await Heart.start(test);
  replica = await heart.replica();
  database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'idle')).initialize();
});
afterAll(async () => {
  await database.destroy();
  await heart.stop();
});

/** Of all connections of this process. What a turn does once and not each time is done by the one before. */
async function statementsOf(turn: () => Promise<unknown>): Promise<number> {
  await turn();
  const query = jest.spyOn(Client.prototype, 'query');
  try {
    await turn();
    return query.mock.calls.length;
  } finally {
    query.mockRestore();
  }
}

it.each<[string, () => Promise<unknown>]>([
  ['rotating', () => replica.rotator.turn()],
  ['forgetting holders', () => replica.leases.sweep()],
  ['retiring', () => new RetireKeys(database, logger, health).turn()],
  ['whatever shares a look', () => (replica.work.forget(), replica.work.find())],
])('%s asks once where nothing is due', async (_, turn) => {
  expect(await statementsOf(turn)).toBe(1);
});

/** Of timers alone, a quarter of a second at a time: what a turn asks is answered in between. */
async function pass(seconds: number): Promise<void> {
  for (let quarters = 0; quarters < 4 * seconds; quarters++) {
    await jest.advanceTimersByTimeAsync(250);
    await delay(3);
  }
}

it('asks about two statements a second in all loops together, and not one for each loop', async () => {
  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask'] });
  const { work } = replica;
  const signing = new AccountSigning(database, {} as Signers, CONFIG, logger, health);
  const pusher = { heardOf: jest.fn(), pushTookMs: 0 };
  const loops = [
    ...[replica.rotator, replica.resume, replica.removedRings, new RetireKeys(database, logger, health)],
    new FleetLoop(database, work, new TakeFleetStep(new BusConnections()), {} as Bus, logger),
    new Revocations(signing, pusher as unknown as AccountPusher, work, logger),
  ];
  for (const each of loops) each.onApplicationBootstrap();
  // What is done once and then for a long time not.
  await pass(5);
  const query = jest.spyOn(Client.prototype, 'query');
  await pass(60);
  const statements = query.mock.calls.length;
  query.mockRestore();
  jest.useRealTimers();
  await Promise.all(loops.map((each) => each.onModuleDestroy()));
  // A look each second, rotating and forgetting holders each other one, retiring each fifth; what is done each minute.
  expect(statements).toBeLessThanOrEqual(60 + 30 + 30 + 12 + 8);
  // It was looked all the time.
  expect(pusher.heardOf.mock.calls.length).toBeGreaterThanOrEqual(50);
});

it('finds nothing to do where nothing is left, and what is', async () => {
  replica.work.forget();
  const nothing = await replica.work.find();
  expect(Object.values({ ...nothing, accountRevision: false }).every((isLeft) => !isLeft)).toBe(true);
  await heart.owner.query(`INSERT INTO ring.prepared_key (scope, key_id, prepared_at)
    SELECT scope, 'lost', clock_timestamp() - interval '61 min' FROM ring.key_ring LIMIT 1`);
  replica.work.forget();
  expect(await replica.work.find()).toEqual({ ...nothing, preparedKeys: true });
});
