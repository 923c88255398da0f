import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port';
import { ManagedProcess, StartFailure } from './managed-process';
import { natsServerBinary } from './nats-binary';

export interface NatsServerOptions {
  /** Where a downloaded nats-server is kept. */
  cacheFolder: string;
  /** The operator and resolver part of the configuration, as text. */
  config?: string;
  /** The same as a file, which is included. Without either the server is open to everybody on this machine. */
  configFile?: string;
}

const START_TIMEOUT_MS = 30_000;
// A port that a neighbour held for a moment comes free within this.
const RETRY_FOR_MS = 15_000;
const RETRY_PAUSE_MS = 100;
const DIAL_TIMEOUT_MS = 1_000;

/** A nats-server of its own on 127.0.0.1, with JetStream. Name and port stay the same over restarts. */
export class NatsServer extends ManagedProcess {
  /** Once a URL was handed out, the port behind it must not change while we live. */
  #portIsFixed = false;

  private constructor(
    private readonly folder: string,
    private readonly binary: string,
    private readonly serverName: string,
    private currentPort: number,
    private readonly include: string | undefined,
  ) {
    super('nats-server', 'nats-server', join(folder, 'nats-server.log'));
  }

  /** Prepares `folder`, or takes up what is there. Nothing runs yet. */
  static async create(folder: string, options: NatsServerOptions): Promise<NatsServer> {
    const binary = await natsServerBinary(options.cacheFolder);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const settings = await readSettings(folder);
    return new NatsServer(folder, binary, settings.serverName, settings.port, await includedFile(folder, options));
  }

  readonly host = '127.0.0.1';

  /** Settled by the first `start`. */
  get port(): number {
    return this.currentPort;
  }

  get url(): string {
    return `nats://${this.host}:${this.currentPort}`;
  }

  override async start(): Promise<void> {
    this.refuseWhenRunning();
    const deadline = performance.now() + RETRY_FOR_MS;
    for (;;) {
      try {
        await this.startOnce();
        break;
      } catch (error) {
        await this.kill();
        const portTaken = error instanceof StartFailure && /address already in use/.test(error.message);
        if (!portTaken || performance.now() > deadline) throw error;
        if (!this.#portIsFixed) this.currentPort = await freePort();
        await delay(RETRY_PAUSE_MS);
      }
    }
    this.#portIsFixed = true;
  }

  /** Deletes what the server keeps: streams, and account JWTs where the resolver's folder is a relative one. */
  async loseDisk(): Promise<void> {
    if (this.running) throw new Error('a running nats-server would write its store again: stop or kill it first');
    await rm(this.disk, { recursive: true, force: true });
  }

  /** Stops the server and deletes its folder. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private get disk(): string {
    return join(this.folder, 'disk');
  }

  private async startOnce(): Promise<void> {
    await mkdir(this.disk, { recursive: true, mode: 0o700 });
    await writeSettings(this.folder, { serverName: this.serverName, port: this.currentPort });
    const file = join(this.folder, 'nats-server.conf');
    await writeFile(file, this.configuration(), { mode: 0o600 });
    // Its folder is the disk, so that relative paths in the included part lie there.
    await this.launch({ command: this.binary, args: ['-c', file], cwd: this.disk, env: { PATH: process.env['PATH'] } });
    await this.untilReady(async () => (await this.answersOnPort()) === this.serverName, START_TIMEOUT_MS);
  }

  private configuration(): string {
    return [
      `server_name: ${JSON.stringify(this.serverName)}`,
      `listen: "${this.host}:${this.currentPort}"`,
      `pid_file: ${JSON.stringify(join(this.folder, 'nats-server.pid'))}`,
      `jetstream { store_dir: ${JSON.stringify(join(this.disk, 'jetstream'))} }`,
      // Seconds. By default the server hangs up on a client of a busy machine that takes two to answer it.
      'authorization { timeout: 30 }',
      // nats-server reads the path relative to this file, an absolute one too.
      ...(this.include === undefined ? [] : [`include ${JSON.stringify(relative(this.folder, this.include))}`]),
      '',
    ].join('\n');
  }

  /** The name that a server on our port gives in its INFO line; it may be another server than ours. */
  private answersOnPort(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const socket = connect(this.currentPort, this.host);
      const finish = (name?: string): void => {
        socket.destroy();
        resolve(name);
      };
      socket.setTimeout(DIAL_TIMEOUT_MS, () => finish());
      socket.once('error', () => finish());
      socket.once('close', () => finish());
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString('utf8');
        if (received.includes('\r\n')) finish(/"server_name":"([^"]*)"/.exec(received)?.[1]);
      });
    });
  }
}

interface Settings {
  port: number;
  serverName: string;
}

const settingsFile = (folder: string): string => join(folder, 'nats-server.json');

async function readSettings(folder: string): Promise<Settings> {
  const text = await readFile(settingsFile(folder), 'utf8').catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as Settings;
  // The name tells our server from another one that took the port meanwhile.
  return { port: await freePort(), serverName: `plexsphere-${randomBytes(6).toString('hex')}` };
}

async function writeSettings(folder: string, settings: Settings): Promise<void> {
  const draft = `${settingsFile(folder)}.draft`;
  await writeFile(draft, JSON.stringify(settings), { mode: 0o600 });
  await rename(draft, settingsFile(folder));
}

async function includedFile(folder: string, options: NatsServerOptions): Promise<string | undefined> {
  if (options.config === undefined) return options.configFile;
  const file = join(folder, 'operator.conf');
  await writeFile(file, options.config, { mode: 0o600 });
  return file;
}
