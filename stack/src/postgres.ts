import { realpathSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StartFailure } from './managed-process';
import { postgresBinaries } from './postgres-binaries';
import {
  OWNER,
  SERVICE,
  clusterFolder,
  copyCluster,
  initialise,
  postgresEnvironment,
  type Settings,
} from './postgres-cluster';
import { removePrivateFolder } from './private-folder';
import { childrenOf, signalProcess } from './process-identity';
import { ServerProcess, readSettings } from './server-process';
import { unprivilegedUser, type User } from './unprivileged-user';

export interface PostgresOptions {
  /** The owner's database; made at the first start. */
  database?: string;
  /** false: nothing is flushed to the disk. Faster; survives every crash of a process, but no loss of power. */
  durable?: boolean;
  /** true: the data of a new cluster lies in memory. */
  inMemory?: boolean;
}

const START_TIMEOUT_MS = 60_000;
// The words of PostgreSQL's own messages, with LC_ALL=C: backends of a crashed server have not noticed yet.
const STILL_ENDING = /pre-existing shared memory block|lock file "postmaster.pid" already exists/;

/** A real PostgreSQL server, over TCP alone. */
export class Postgres extends ServerProcess<Settings> {
  private constructor(
    folder: string,
    private readonly binaries: string,
    private readonly user: User | undefined,
    settings: Settings,
    private readonly options: Required<PostgresOptions>,
  ) {
    super(SERVICE, folder, settings);
  }

  /** A fast shutdown: SIGTERM would wait for every connection to end. */
  protected override readonly lastSignal = 'SIGINT';

  /** Makes a cluster below `folder`, or takes up the one that is there. Nothing runs yet. */
  static async create(folder: string, options: PostgresOptions = {}): Promise<Postgres> {
    const complete = { database: 'plexsphere', durable: true, inMemory: false, ...options };
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const user = unprivilegedUser();
    const binaries = await postgresBinaries(user, folder);
    const settings =
      (await readSettings<Settings>(folder, SERVICE)) ??
      (await initialise(folder, binaries, user, {
        // One round for a password: thousands of connections are opened that nobody else can come by.
        flags: complete.durable ? [] : ['--no-sync', '-c', 'scram_iterations=1'],
        inMemory: complete.inMemory,
      }));
    return new Postgres(folder, binaries, user, settings, complete);
  }

  /** The owner's URL, database name included. The port is settled by the first `start`. */
  get url(): string {
    return this.urlOf(this.options.database);
  }

  /** Where the data really lies: as root outside of the folder. */
  get dataFolder(): string {
    return realpathSync(join(this.folder, 'data'));
  }

  /** The owner's URL of another database of this server. */
  urlOf(database: string): string {
    return `postgres://${OWNER}:${this.settings.password}@127.0.0.1:${this.settings.port}/${database}`;
  }

  override async start(): Promise<void> {
    await super.start();
    await this.createDatabase();
  }

  protected override mayPass(failure: StartFailure): boolean {
    return STILL_ENDING.test(failure.message);
  }

  /** A fast shutdown: connections are cut, everything is on the disk afterwards. */
  override async stop(): Promise<void> {
    await this.stopWith('SIGINT');
  }

  /** With the default signal a crash: the server and all its backends are gone in an instant, with no last words. */
  override async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal !== 'SIGKILL' || this.pid === undefined) return super.kill(signal);
    // Backends are no members of the server's process group, and would finish what they are at. The server is held
    // while they are counted, so that it forks no more.
    this.signal('SIGSTOP');
    const backends = childrenOf(this.pid);
    const crash = super.kill(signal);
    for (const pid of backends) signalProcess(pid, signal);
    await crash;
  }

  override pause(): void {
    this.signalAll('SIGSTOP');
  }

  override resume(): void {
    this.signalAll('SIGCONT');
  }

  /** Stops the server and deletes its data. */
  async remove(): Promise<void> {
    await this.kill();
    await Postgres.erase(this.folder);
  }

  /** What a server that was stopped kept below `from`, for another one with a port of its own and the same password. */
  static async copy(from: string, to: string): Promise<void> {
    await mkdir(to, { recursive: true, mode: 0o700 });
    await copyCluster(from, to, unprivilegedUser());
  }

  /** Deletes what a server that does not run kept below `folder`. */
  static async erase(folder: string): Promise<void> {
    await removePrivateFolder(join(folder, 'data'));
    await rm(folder, { recursive: true, force: true });
  }

  protected async startOnce(): Promise<void> {
    const data = await clusterFolder(this.folder);
    const args = ['-D', data, '-p', String(this.settings.port)];
    const config = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=200',
      'log_line_prefix=%m [%p] ',
      // fsync alone: without synchronous_commit and full_page_writes a mere kill -9 would lose or tear what was committed. And
      // what servers share lies beside their data, to go with it: elsewhere it would outlive one that is killed and deleted.
      ...(this.options.durable ? [] : ['fsync=off', 'dynamic_shared_memory_type=mmap']),
    ];
    await this.launch({
      command: join(this.binaries, 'bin', 'postgres'),
      args: [...args, ...config.flatMap((setting) => ['-c', setting])],
      cwd: '/',
      env: postgresEnvironment(),
      ...this.user,
    });
    await this.untilReady(() => this.saysReady(data), START_TIMEOUT_MS);
  }

  /** What pg_ctl looks at: line 1 of postmaster.pid is the server's pid, line 8 its status. */
  private async saysReady(data: string): Promise<boolean> {
    const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    return Number(lines[0]) === this.pid && lines[7]?.trim() === 'ready';
  }

  private async createDatabase(): Promise<void> {
    const { Client } = await import('pg');
    const client = new Client({ connectionString: this.urlOf('postgres') });
    await client.connect();
    try {
      const { database } = this.options;
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
    } finally {
      await client.end();
    }
  }

  private signalAll(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    this.signal(signal);
    for (const pid of childrenOf(this.pid)) signalProcess(pid, signal);
  }
}
