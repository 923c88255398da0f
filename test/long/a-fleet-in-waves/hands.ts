import { createBusKey, subjects, type NodeOrder } from '@plexsphere/wire';
import type { FleetRun, FleetStep, NodeKeyView } from '@plexsphere/wire/commands';
import type { NatsConnection } from 'nats';
import type { World } from '../../src/world';
import { enroll, type Host } from '../a-nodes-own-key/hands';

/** A host that does what it is asked for: when it is told to look, and when it comes. */
export class FleetHost {
  private connection: NatsConnection | undefined;
  private work: Promise<void> = Promise.resolve();
  /** Where it cannot: what it says. */
  failure: string | undefined;

  private constructor(
    readonly name: string,
    readonly host: Host,
  ) {}

  static async enroll(world: World, name: string): Promise<FleetHost> {
    return new FleetHost(name, await enroll(world, name));
  }

  get generation(): number {
    return this.host.generation;
  }

  /** As an agent does: it asks when it has come, and at each order. */
  async comes(): Promise<void> {
    await this.connect();
    this.look();
    await this.work;
  }

  /** By the key that it has now; what was there before goes once this is there. */
  private async connect(): Promise<void> {
    const before = this.connection;
    this.connection = await this.host.dial();
    this.connection.subscribe(subjects.nodeOrder(this.host.id), {
      callback: (_, message) => {
        expect(message.json<NodeOrder>()).toEqual({ run: expect.any(String), expires_at: expect.any(String) });
        this.look();
      },
    });
    await this.connection.flush();
    await before?.close();
  }

  async goes(): Promise<void> {
    await this.work;
    await this.connection?.close();
  }

  private look(): void {
    this.work = this.work.then(() => this.lookNow());
  }

  /** A replica that dies has its requests answered by the other one, when they are sent again. */
  private async lookNow(): Promise<void> {
    const { body } = await patiently(() => this.host.ask());
    const { due } = body as unknown as NodeKeyView;
    if (!due) return;
    const { failure } = this;
    if (failure !== undefined) {
      await patiently(() => this.host.ask({ run: due.run, reason: failure }));
      return;
    }
    const next = createBusKey('user');
    const request = await this.host.change(next);
    this.host.hold(await patiently(() => this.host.proves('key', request)), next);
    await this.connect();
    await patiently(() => this.host.confirm());
  }
}

async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let left = 5; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

export const remember = (world: World, hosts: FleetHost[]): void => void world.kept.set('hosts', hosts);
export const theHosts = (world: World): FleetHost[] => world.kept.get('hosts') as FleetHost[];

type Told = { what: 'wave'; wave: number } | ({ what: 'step' } & FleetStep) | ({ what: 'summary' } & FleetRun);

/** The lines that plexctl wrote. */
export const toldBy = (stdout: string): Told[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told);

/** By the Nodes' names how each ended. */
export const endsOf = (told: readonly Told[]): Record<string, string> =>
  Object.fromEntries(
    told.flatMap((each) =>
      each.what === 'step' && each.state !== 'ordered' ? [[each.name, each.reason ?? each.state]] : [],
    ),
  );
