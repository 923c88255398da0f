/** For specs: a real bus, a real database with two rings, a signer; relays and Nodes on them as a story needs them. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeClient, parseEnrolment, type NodeEvent, type Refused } from '@plexsphere/node-sdk';
import { migrateStore } from '@plexsphere/store';
import { localFolder, type NatsServer } from '@plexsphere/stack';
import {
  FakeSigner,
  busCredentialText,
  endBus,
  startedBus,
  testDatabase,
  type TestDatabase,
} from '@plexsphere/testkit';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { runningRelay, type RelaySettings, type RunningRelay } from './running-relay';
import { SeededMesh } from './seeded-mesh';
import { TestBus, busUsers } from './test-bus';

export class RelayWorld {
  readonly domain: Scope = `domain:${randomUUID()}`;
  readonly signer: FakeSigner;
  private readonly endings: (() => Promise<void>)[] = [];
  private stopSigner: (() => void) | undefined;

  private constructor(
    private readonly folder: string,
    readonly server: NatsServer,
    readonly bus: TestBus,
    readonly database: TestDatabase,
    readonly mesh: SeededMesh,
    connection: Awaited<ReturnType<TestBus['asEverything']>>,
  ) {
    this.signer = new FakeSigner(connection, mesh.rings);
  }

  /** `serverSettings`: of the nats-server, beside its users. */
  static async create(serverSettings = ''): Promise<RelayWorld> {
    const folder = join(localFolder, `relay-world-${randomUUID()}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const server = await startedBus(`${busUsers()}\n${serverSettings}`);
    const database = await testDatabase({ name: 'store', prepare: migrateStore });
    const bus = new TestBus(server.url);
    const mesh = new SeededMesh(database.url);
    const world = new RelayWorld(folder, server, bus, database, mesh, await bus.asEverything());
    await mesh.ring(PLATFORM, 'p1');
    await mesh.ring(world.domain, 'd1');
    world.startSigner();
    return world;
  }

  startSigner(): void {
    this.stopSigner ??= this.signer.listen();
  }

  endSigner(): void {
    this.stopSigner?.();
    this.stopSigner = undefined;
  }

  async relay(settings?: RelaySettings): Promise<RunningRelay> {
    const relay = await runningRelay(await this.bus.asRelay(), await this.database.urlAs('outbox-relay'), settings);
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopping ??= relay.stop());
    this.endings.push(stop);
    return { ...relay, stop };
  }

  /** Enrolled at the rings of this moment, and not started. */
  async node(scope: Scope): Promise<WorldNode> {
    const nodeId = await this.mesh.node(scope, { present: false });
    const enrolment = JSON.stringify({
      node_id: nodeId,
      scope,
      name: `n-${nodeId}`,
      servers: [`${this.server.host}:${this.server.port}`],
      bus_credential: busCredentialText(),
      bundle: await this.mesh.rings.bundle(scope, new Date()),
    });
    const node = new WorldNode(nodeId, enrolment, join(this.folder, nodeId));
    this.endings.push(() => node.stop());
    return node;
  }

  async end(): Promise<void> {
    for (const end of this.endings.reverse()) await end();
    await this.bus.close();
    await endBus(this.server);
    await this.mesh.close();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A real Node, which keeps its trust over restarts, and what it saw. */
export class WorldNode {
  readonly applied: NodeEvent[] = [];
  readonly refused: Refused[] = [];
  private client: NodeClient | undefined;

  constructor(
    readonly nodeId: string,
    private readonly enrolment: string,
    private readonly storeDir: string,
  ) {}

  /** Returns before a relay has answered. */
  async begin(): Promise<void> {
    this.client = new NodeClient({
      enrolment: parseEnrolment(this.enrolment),
      storeDir: this.storeDir,
      handler: async (event) => void this.applied.push(event),
      onRefused: (refused) => void this.refused.push(refused),
    });
    await this.client.start();
  }

  async start(): Promise<void> {
    await this.begin();
    await this.running.ready();
  }

  get running(): NodeClient {
    if (this.client === undefined) throw new Error('the Node is not running');
    return this.client;
  }

  async stop(): Promise<void> {
    await this.client?.stop();
    this.client = undefined;
  }

  async loseStore(): Promise<void> {
    await rm(this.storeDir, { recursive: true, force: true });
  }
}
