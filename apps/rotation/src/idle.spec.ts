// What a replica asks of a database in which nothing is due, at each turn of what it does by itself: one statement, whatever
// there is that might be.
import 'reflect-metadata';
import type { Bus, Health, Logger } from '@plexsphere/service-kit';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { CONFIG, Heart, type Replica } from '../testing/heart';
import { AccountSigning } from './bus-account/account-signing';
import { BusConnections } from './bus-account/bus-connections';
import { FleetLoop } from './fleets/fleet-loop';
import { TakeFleetStep } from './fleets/take-fleet-step';
import type { Signers } from './leases/signers';
import { RetireKeys } from './node-keys/retire-keys';
import { lookForWork } from './rotations/work-left';

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
  ['finishing', () => lookForWork(database)],
  ['finishing removals', () => replica.removedRings.finishAll()],
  ['forgetting holders', () => replica.leases.sweep()],
  ['retiring', () => new RetireKeys(database, logger, health).turn()],
  ['revoking', () => new AccountSigning(database, {} as Signers, CONFIG, logger, health).signDue({ pushTookMs: 0 })],
])('%s asks once where nothing is due', async (_, turn) => {
  expect(await statementsOf(turn)).toBe(1);
});

it('fleets ask once where none runs', async () => {
  const fleets = new FleetLoop(database, new TakeFleetStep(new BusConnections()), {} as Bus, logger);
  expect(await statementsOf(() => fleets.turn())).toBe(1);
});

it('finds nothing to finish where nothing is left, and what is', async () => {
  const nothing = await lookForWork(database);
  expect(Object.values(nothing).every((isLeft) => !isLeft)).toBe(true);
  await heart.owner.query(`INSERT INTO ring.prepared_key (scope, key_id, prepared_at)
    SELECT scope, 'lost', clock_timestamp() - interval '61 min' FROM ring.key_ring LIMIT 1`);
  expect(await lookForWork(database)).toEqual({ ...nothing, preparedKeys: true });
});
