/** For specs: Nodes with Node keys, and fleet runs, on a real PostgreSQL under rotation's own role; Nodes and the bus are played. */
import { createHash, randomUUID } from 'node:crypto';
import type { Bus, Logger } from '@plexsphere/service-kit';
import { storeOptions } from '@plexsphere/store';
import { DEFAULT_FLEET, subjects, type NodeOrder, type Scope } from '@plexsphere/wire';
import type { FleetRun, FleetStep, RotateFleet } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { BusConnections } from '../src/bus-account/bus-connections';
import { BeginFleet } from '../src/fleets/begin-fleet';
import { EndFleet } from '../src/fleets/end-fleet';
import { FleetLoop } from '../src/fleets/fleet-loop';
import { listSteps, readRun } from '../src/fleets/fleet-rows';
import { TakeFleetStep } from '../src/fleets/take-fleet-step';
import { dueOrder, hostFailed, stepConfirmed } from '../src/fleets/waiting-steps';
import { takeOut, type Leave } from '../src/nodes/take-out';
import type { Scopes } from '../src/rings/list-rings';
import { CommandTransactions } from '../src/transactions/command-transactions';
import type { RequestIdentity } from '../src/transactions/requests';
import { WorkLeft } from '../src/work/work-left';
import type { MigratedDatabase } from './seeded-rings';

export const EAST = 'domain:eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee';
export const WEST = 'domain:ffffffff-ffff-4fff-8fff-ffffffffffff';
const OPERATOR = '00000000-0000-4000-8000-00000000000a';
const SEED = `
  INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ('rec', 'A', 'j');
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 1, 1), ('${EAST}', 1, 1), ('${WEST}', 1, 1)`;

const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;

export const identity = (command: RequestIdentity['command']): RequestIdentity => ({
  ...{ requestId: randomUUID(), command, actor: OPERATOR, bodyHash: 'b' },
});

interface PlayedNode {
  scope?: Scope;
  tags?: string[];
  hasNodeKey?: boolean;
}

export class FleetWorld {
  /** Whom the bus has told what, in order. */
  readonly told: { name: string; order: NodeOrder }[] = [];
  readonly connections = new BusConnections();
  readonly beginning: BeginFleet;
  readonly ending: EndFleet;
  isBusThere = true;
  private readonly ids = new Map<string, string>();

  private constructor(
    private readonly test: MigratedDatabase,
    readonly owner: DataSource,
    readonly database: DataSource,
    private readonly another: DataSource,
  ) {
    this.beginning = new BeginFleet(this.transactions, logger);
    this.ending = new EndFleet(this.transactions, logger);
  }

  static async create(test: MigratedDatabase): Promise<FleetWorld> {
    const owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
    await owner.query(SEED);
    const url = await test.urlAs('rotation');
    const open = (name: string): Promise<DataSource> => new DataSource(storeOptions(url, name)).initialize();
    return new FleetWorld(test, owner, await open('one'), await open('another'));
  }

  async end(): Promise<void> {
    await Promise.all([this.database, this.another, this.owner].map((pool) => pool.destroy()));
    await this.test.drop();
  }

  get transactions(): CommandTransactions {
    return new CommandTransactions(this.database, this.database, logger);
  }

  /** A replica's loop of one of two. */
  loop(isAnother = false): FleetLoop {
    const publish = (subject: string, order: NodeOrder): void => {
      if (!this.isBusThere) throw new Error('no bus');
      const name = [...this.ids].find(([, id]) => subjects.nodeOrder(id) === subject)?.[0] ?? subject;
      this.told.push({ name, order });
    };
    const steps = new TakeFleetStep(this.connections);
    const database = isAnother ? this.another : this.database;
    return new FleetLoop(database, new WorkLeft(database), steps, { publish } as unknown as Bus, logger);
  }

  async add(name: string, { scope = EAST, tags = [], hasNodeKey = true }: PlayedNode = {}): Promise<string> {
    const id = randomUUID();
    this.ids.set(name, id);
    await this.owner.query(
      `INSERT INTO ring.node (id, scope, name, bus_public_key, tags) VALUES ($1, $2, $3, $4, $5)`,
      [id, scope, name, keyOf(name, 1), tags],
    );
    await this.owner.query(
      `INSERT INTO outbox.node_stream (node_id, scope, told_epoch, told_platform_epoch, settled_epoch,
                                       settled_platform_epoch, first_seen_at, last_seen_at)
       VALUES ($1, $2, 1, 1, 1, 1, clock_timestamp(), clock_timestamp())`,
      [id, scope],
    );
    if (hasNodeKey) await this.insertKey(name, 1);
    return id;
  }

  /** Its bus key is taken, as every one is. */
  private async insertKey(name: string, generation: number): Promise<void> {
    await this.owner.query('INSERT INTO ring.bus_user (public_key) VALUES ($1)', [keyOf(name, generation)]);
    await this.owner.query(
      `INSERT INTO ring.node_key (node_id, generation, public_key, state, request_hash, token, token_iat, token_expires_at,
                                  tokens_until)
       SELECT $1, $2, $3, 'active', $4, 't', 1, ends_at, ends_at FROM (SELECT now() + interval '7 days' AS ends_at) AS life`,
      [this.idOf(name), generation, keyOf(name, generation), hashOf(`${name} ${generation}`)],
    );
  }

  idOf(name: string): string {
    const id = this.ids.get(name);
    if (id === undefined) throw new Error(`no Node ${name}`);
    return id;
  }

  /** Its key is another one from now on; nothing has been confirmed. */
  async changes(name: string): Promise<void> {
    const [{ generation }] = await this.owner.query<[{ generation: number }]>(
      `SELECT generation::int FROM ring.node_key WHERE node_id = $1 AND state = 'active'`,
      [this.idOf(name)],
    );
    await this.owner.query(`UPDATE ring.node_key SET state = 'retired' WHERE node_id = $1 AND state = 'active'`, [
      this.idOf(name),
    ]);
    await this.insertKey(name, generation + 1);
  }

  async confirms(name: string): Promise<void> {
    await this.database.transaction('READ COMMITTED', async (manager) => {
      const [{ generation }] = await manager.query<[{ generation: number }]>(
        `SELECT generation::int FROM ring.node_key WHERE node_id = $1 AND state = 'active'`,
        [this.idOf(name)],
      );
      await stepConfirmed(manager, this.idOf(name), generation);
    });
  }

  async rotates(...names: string[]): Promise<void> {
    await Promise.all(names.map((name) => this.changes(name).then(() => this.confirms(name))));
  }

  due(name: string): ReturnType<typeof dueOrder> {
    return dueOrder(this.database.manager, this.idOf(name));
  }

  fails(name: string, run: string, reason: string): Promise<void> {
    return this.database.transaction((manager) => hostFailed(manager, this.idOf(name), { run, reason }));
  }

  /** As a removal, or an operator who puts it out, has it. */
  async leaves(name: string, leave: Leave): Promise<void> {
    const node = { id: this.idOf(name), busPublicKey: null };
    expect(await this.database.transaction((manager) => takeOut(manager, node, new Date(), leave))).toBe(true);
  }

  async begin(order: Partial<RotateFleet> = {}, scopes: Scopes = null): Promise<string> {
    const { run } = await this.beginning.begin(
      { targets: [{ all: true }], ...DEFAULT_FLEET, ...order },
      scopes,
      identity('fleet.rotate'),
    );
    return run;
  }

  show(run: string): Promise<FleetRun> {
    return readRun(this.database.manager, run, null);
  }

  steps(run: string): Promise<FleetStep[]> {
    return listSteps(this.database.manager, run, { after: undefined, limit: 1_000 });
  }

  /** By the Nodes' names: `rotated`, or why not. */
  async outcome(run: string): Promise<Record<string, string>> {
    const steps = await this.steps(run);
    return Object.fromEntries(steps.map(({ name, state, reason }) => [name, reason ?? state]));
  }

  /** Whom the bus has told since somebody looked last. */
  toldNow(): string[] {
    return this.told
      .splice(0)
      .map(({ name }) => name)
      .sort();
  }

  /** Lets time pass, as the runs' rows tell it. */
  async pass(seconds: number): Promise<void> {
    const earlier = (column: string): string => `${column} = ${column} - interval '${seconds} s'`;
    await this.owner.query(
      `UPDATE ring.fleet_run SET ${['wave_began_at', 'due_at', 'created_at', 'ended_at'].map(earlier).join(', ')}`,
    );
    await this.owner.query(`UPDATE ring.fleet_step SET ${earlier('deadline_at')}`);
  }

  /** What each run counts is what its steps are, and each change has had a number of its own. */
  async disagreements(): Promise<unknown[]> {
    return this.owner.query(
      `SELECT run.id FROM ring.fleet_run AS run
        CROSS JOIN LATERAL (
          SELECT count(*) AS nodes, max(wave) AS waves, max(seq) AS seq,
                 count(*) FILTER (WHERE state = 'ordered') AS ordered, count(*) FILTER (WHERE state = 'rotated') AS rotated,
                 count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'skipped') AS skipped,
                 count(*) FILTER (WHERE seq > 0) AS changed, count(DISTINCT seq) FILTER (WHERE seq > 0) AS numbers
            FROM ring.fleet_step WHERE run_id = run.id) AS step
       WHERE (run.nodes, run.waves, run.ordered, run.rotated, run.failed, run.skipped)
             IS DISTINCT FROM (step.nodes, step.waves, step.ordered, step.rotated, step.failed, step.skipped)
          OR step.changed <> step.numbers OR step.seq > run.seq`,
    );
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
/** A key of the database alone: nobody here signs anything. */
const keyOf = (name: string, generation: number): string => `U${hashOf(`${name} ${generation}`)}`;
