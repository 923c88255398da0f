import { existsSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROBLEMS, SERVICES, SERVICE_NAMES, type Replicas, type Service, type ServiceName } from '@plexsphere/wire';
import { BootstrapFolder } from './bootstrap-folder';
import { entryOf } from './compiled';
import { replaceCredential, servicesWithEarlierCredentials } from './earlier-credentials';
import { guard } from './guard';
import type { ManagedProcess } from './managed-process';
import { NatsServer } from './nats-server';
import { runPlexctl } from './plexctl';
import { Postgres } from './postgres';
import { ServiceProcess } from './service-process';

/** How many replicas of each service, two where nothing is said; and the rest. */
export interface StackOptions extends Partial<Replicas> {
  /** Everything of this stack lives below; what is there is taken up. */
  dir: string;
  /** More variables for the services of a kind; they win over the stack's own. */
  env?: Partial<Record<ServiceName, Record<string, string>>>;
  /** false: PostgreSQL flushes nothing to the disk; for tests. */
  durable?: boolean;
  /** Nothing of it is to outlive this process: what is left is deleted with it. */
  temporary?: boolean;
  /** false: a stack trace names lines of what was built. A service starts by a quarter faster then; for tests. */
  sourceMaps?: boolean;
  /** A folder that `compileServices` has filled, for services that start by a third faster; for tests. */
  compiled?: string | undefined;
  /** The folder of a stack that was prepared: where nothing is in `dir` yet, it begins as a copy. For tests. */
  copyOf?: string | undefined;
  /** Told what is going on, in sentences. */
  onProgress?: (text: string) => void;
  /** Told after each start and end of a process. */
  onChange?: () => void;
}

const REPLICAS_BY_DEFAULT = 2;
// Roles, schemas, a dozen key pairs: seconds. More means that it hangs.
const BOOTSTRAP_TIMEOUT_MS = 120_000;

const OF_ANOTHER_VERSION =
  'This stack was made by another version, and nothing leads from it to this one: npm stop -- --erase deletes it, keys and all.';

/** The whole product on one machine. */
export class Stack {
  #stopping = new AbortController();
  readonly #services: ServiceProcess[] = [];
  private readonly bootstrap: BootstrapFolder;

  private constructor(
    readonly postgres: Postgres,
    readonly nats: NatsServer,
    private readonly options: StackOptions,
  ) {
    this.bootstrap = new BootstrapFolder(join(options.dir, 'bootstrap'));
    for (const name of SERVICE_NAMES)
      for (let i = 0; i < (options[SERVICES[name].replicas] ?? REPLICAS_BY_DEFAULT); i++) this.addService(name);
    for (const managed of this.processes()) managed.onChange = () => this.options.onChange?.();
  }

  /** Prepares the folder; nothing runs yet. The first time on a machine this may download nats-server. */
  static async create(options: StackOptions): Promise<Stack> {
    const { dir, durable = true, temporary = false, copyOf } = options;
    if (temporary) guard.erase(dir);
    await mkdir(join(dir, 'logs'), { recursive: true, mode: 0o700 });
    const { natsConfigFile: configFile } = new BootstrapFolder(join(dir, 'bootstrap'));
    const bootstrapped = existsSync(bootstrapMark(dir));
    if (!bootstrapped) await forgetTornBootstrap(dir);
    if (!bootstrapped && copyOf !== undefined) await copyBroughtUp(copyOf, dir);
    const [postgres, nats] = await Promise.all([
      Postgres.create(join(dir, 'postgres'), { durable }),
      NatsServer.create(join(dir, 'nats-server'), { configFile }),
    ]);
    if (temporary) guard.erase(postgres.dataFolder);
    return new Stack(postgres, nats, options);
  }

  /** Brings everything up, and returns when every service is ready. What was begun is stopped again on failure. */
  async start(): Promise<void> {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    try {
      await this.postgres.start();
      this.tell(`PostgreSQL is up on port ${this.postgres.port}.`);
      signal.throwIfAborted();
      await this.bringUp(signal);
      signal.throwIfAborted();
      await this.nats.start();
      this.tell(`nats-server is up on port ${this.nats.port}.`);
      signal.throwIfAborted();
      await Promise.all(this.#services.map((service) => service.start()));
      this.tell(`${this.#services.length} services are ready: ${this.#services.map(({ name }) => name).join(', ')}.`);
      const gateways = this.services('gateway').flatMap(({ name }) => this.gatewayUrl(name) ?? []);
      if (gateways.length > 0) this.tell(`Over HTTP: ${gateways.join(' ')}`);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Does what comes before the first start of nats-server and services, who are not started: to be copied. */
  async prepare(): Promise<void> {
    try {
      await this.postgres.start();
      await this.bringUp(this.#stopping.signal);
    } finally {
      await this.stop();
    }
  }

  /** In order: services first, so that they can finish and give their leases back. Data stays. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the stack was stopped'));
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.nats.stop();
    await this.postgres.stop();
  }

  /** Stops everything and deletes the folder, keys and all. */
  async remove(): Promise<void> {
    await this.stop();
    const { dataFolder } = this.postgres;
    await this.postgres.remove();
    await rm(this.options.dir, { recursive: true, force: true });
    guard.keep(dataFolder);
    guard.keep(this.options.dir);
  }

  services(kind?: ServiceName): ServiceProcess[] {
    return this.#services.filter(({ service }) => kind === undefined || service === kind);
  }

  /** Everything that runs, in the order of their start. */
  processes(): ManagedProcess[] {
    return [this.postgres, this.nats, ...this.#services];
  }

  /** One more replica, not started yet. */
  addService(kind: ServiceName): ServiceProcess {
    const name = `${kind}-${this.services(kind).length + 1}`;
    const service: ServiceProcess = new ServiceProcess({
      service: kind,
      name,
      entry: entryOf(kind),
      sourceMaps: this.options.sourceMaps ?? true,
      compiled: this.options.compiled,
      env: () => ({
        ...this.bootstrap.environment(kind, { natsUrl: this.natsUrl, databaseUrl: this.postgres.url }),
        ...doorOf(kind, service),
        ...this.options.env?.[kind],
      }),
      logPath: join(this.options.dir, 'logs', `${name}.log`),
    });
    service.onChange = () => this.options.onChange?.();
    this.#services.push(service);
    return service;
  }

  /** Where a gateway is spoken to, once it was started; the first one, if not said which. */
  gatewayUrl(name = 'gateway-1'): string | undefined {
    const door = this.services('gateway').find((service) => service.name === name)?.door;
    return door === undefined ? undefined : `http://${door}`;
  }

  databaseUrl(role: 'owner' | ServiceName): string {
    return role === 'owner' ? this.postgres.url : this.bootstrap.databaseUrl(role, this.postgres.url);
  }

  get natsUrl(): string {
    return this.nats.url;
  }

  /** host:port of the bus. */
  get signerEndpoint(): string {
    return `${this.nats.host}:${this.nats.port}`;
  }

  /** The admin's, made by the bootstrap. */
  get tokenFile(): string {
    return this.bootstrap.tokenFile;
  }

  /** What a shell needs for plexctl and for looking around. */
  get env(): Record<string, string> {
    const gatewayUrl = this.gatewayUrl();
    return {
      PLEXSPHERE_SIGNER_ENDPOINT: this.signerEndpoint,
      PLEXSPHERE_TOKEN_FILE: this.tokenFile,
      ...(gatewayUrl !== undefined && { PLEXSPHERE_GATEWAY_URL: gatewayUrl }),
      DATABASE_URL: this.databaseUrl('owner'),
      NATS_URL: this.natsUrl,
    };
  }

  private async bringUp(signal: AbortSignal): Promise<void> {
    if (existsSync(bootstrapMark(this.options.dir))) {
      // What it is a copy of was brought up by this very version, moments ago.
      if (this.options.copyOf !== undefined) return;
      await this.plexctl(['migrate'], signal);
      this.tell('The database schema is current.');
      await this.replaceEarlierCredentials(signal);
      return;
    }
    await this.plexctl(['bootstrap', '--out', this.bootstrap.path], signal);
    await writeFile(bootstrapMark(this.options.dir), '');
    this.tell('Bootstrap is done: roles, keys, credentials and the platform ring.');
  }

  /** Rights stand in a credential: what this version says and hears, one of an earlier version may not. */
  private async replaceEarlierCredentials(signal: AbortSignal): Promise<void> {
    for (const service of await servicesWithEarlierCredentials(this.bootstrap.path)) {
      await replaceCredential(this.bootstrap.path, service, (args) => this.plexctl(args, signal));
      this.tell(`The credential of ${service} was of an earlier version: it has another.`);
    }
  }

  /** The real command, so that the stack takes the way that an operator takes. */
  private async plexctl(args: string[], signal: AbortSignal): Promise<void> {
    const env = { HOME: process.env['HOME'] ?? '', DATABASE_URL: this.postgres.url };
    const { exitCode, stderr } = await runPlexctl(args, env, '', { signal, timeout: BOOTSTRAP_TIMEOUT_MS });
    if (exitCode === 0) return;
    if (stderr.includes(PROBLEMS.databaseFormat.detail)) throw new Error(OF_ANOTHER_VERSION);
    throw new Error(`plexctl ${args[0]} failed: ${stderr.trim() || 'it was ended'}`);
  }

  private tell(text: string): void {
    this.options.onProgress?.(text);
  }
}

/** A free address at its first start, and the same one at each that follows: those who call find it there again. */
function doorOf(kind: ServiceName, { door }: ServiceProcess): Record<string, string> {
  const { listens }: Service = SERVICES[kind];
  return listens === undefined ? {} : { [listens]: door ?? '127.0.0.1:0' };
}

const BOOTSTRAP_MARK = 'bootstrap-done';
const bootstrapMark = (dir: string): string => join(dir, BOOTSTRAP_MARK);

/** The database as it is, keys and credentials; at addresses of its own. The mark comes last, as after a bootstrap. */
async function copyBroughtUp(from: string, to: string): Promise<void> {
  await Postgres.copy(join(from, 'postgres'), join(to, 'postgres'));
  for (const name of ['bootstrap', BOOTSTRAP_MARK]) await cp(join(from, name), join(to, name), { recursive: true });
}

/**
 * A bootstrap that was cut off left half a database and half the keys, which no second one accepts. Nothing of it was
 * ever used, so both go.
 */
async function forgetTornBootstrap(dir: string): Promise<void> {
  await erase(dir, ['bootstrap', 'bootstrap.unfinished']);
}

/** Deletes what a stack that is not running left below its folder: database, streams, keys and logs. */
export const eraseStack = (dir: string): Promise<void> =>
  erase(dir, ['bootstrap', 'bootstrap.unfinished', 'bootstrap-done', 'nats-server', 'logs']);

async function erase(dir: string, names: string[]): Promise<void> {
  await Postgres.erase(join(dir, 'postgres'));
  for (const name of names) await rm(join(dir, name), { recursive: true, force: true });
}
