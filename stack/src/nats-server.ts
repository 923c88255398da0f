import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { localFolder } from './folders';
import { freePort } from './free-port';
import { natsServerBinary } from './nats-binary';
import { ServerProcess, readSettings, writeSettings, type ServerSettings } from './server-process';

const SERVICE = 'nats-server';

interface Settings extends ServerSettings {
  /** Tells our server from another one that took the port meanwhile. */
  serverName: string;
}

export interface NatsServerOptions {
  /** Where a downloaded nats-server is kept; by default for all servers of the clone. */
  cacheFolder?: string;
  /** The operator and resolver part of the configuration, included. Without it the server is open to everybody here. */
  configFile?: string | undefined;
}

const START_TIMEOUT_MS = 30_000;
const DIAL_TIMEOUT_MS = 1_000;

/** A nats-server with JetStream. */
export class NatsServer extends ServerProcess<Settings> {
  private constructor(
    folder: string,
    private readonly binary: string,
    settings: Settings,
    private readonly include: string | undefined,
  ) {
    super(SERVICE, folder, settings);
  }

  /** Prepares `folder`, or takes up what is there. Nothing runs yet. */
  static async create(folder: string, options: NatsServerOptions = {}): Promise<NatsServer> {
    const { cacheFolder = join(localFolder, 'cache'), configFile } = options;
    const binary = await natsServerBinary(cacheFolder);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const settings = (await readSettings<Settings>(folder, SERVICE)) ?? (await firstSettings(folder));
    return new NatsServer(folder, binary, settings, configFile);
  }

  readonly host = '127.0.0.1';

  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  /** What the server keeps: streams, and account JWTs where the resolver's folder is a relative one. */
  get disk(): string {
    return join(this.folder, 'disk');
  }

  protected async startOnce(): Promise<void> {
    await mkdir(this.disk, { recursive: true, mode: 0o700 });
    const file = join(this.folder, 'nats-server.conf');
    await writeFile(file, this.configuration(), { mode: 0o600 });
    // Its folder is the disk, so that relative paths in the included part lie there.
    await this.launch({ command: this.binary, args: ['-c', file], cwd: this.disk, env: { PATH: process.env['PATH'] } });
    await this.untilReady(async () => (await this.answersOnPort()) === this.settings.serverName, START_TIMEOUT_MS);
  }

  private configuration(): string {
    return [
      `server_name: ${JSON.stringify(this.settings.serverName)}`,
      `listen: "${this.host}:${this.port}"`,
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
      const socket = connect(this.port, this.host);
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

async function firstSettings(folder: string): Promise<Settings> {
  const settings = { port: await freePort(), serverName: `plexsphere-${randomBytes(6).toString('hex')}` };
  writeSettings(folder, SERVICE, settings);
  return settings;
}
