/** A host with a Node key of its own: its folder, and the edge agent as the process that it is. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { enrolByToken, type EdgeStatus } from '@plexsphere/edge';
import { guard, type Ran } from '@plexsphere/stack';
import { eventually } from '@plexsphere/testkit';
import { bearerHash, makeBearer } from '@plexsphere/wire';
import type { World } from './world';

const PROGRAM = resolve(__dirname, '../../apps/edge-agent/bin/edge-agent.js');

/** A line that an agent prints. */
export interface Seen {
  what: string;
  [member: string]: unknown;
}

/** Without a signal. */
export type Ended = [exitCode: number | null, signal: NodeJS.Signals | null];

export class EdgeHost {
  /** By all agents that have run here, in order. */
  readonly seen: Seen[] = [];
  private agent: ChildProcess | undefined;
  private end: Promise<Ended> = Promise.resolve([0, null]);
  private id = '';
  private complaints = '';

  private constructor(
    private readonly world: World,
    readonly name: string,
    readonly folder: string,
  ) {}

  /** Enrolled, as `edge enroll` does it; no agent runs yet. */
  static async enrol(world: World, name: string): Promise<EdgeHost> {
    const host = await EdgeHost.bare(world, name);
    const [token, operator] = [makeBearer(), await world.operator()];
    await operator.change('node.enroll-token', { scope: world.domain, token_hash: bearerHash(token) });
    const mesh = { gateways: world.gatewayUrls, allowPlaintext: false };
    const status = await enrolByToken({ ...mesh, folder: host.folder, token, name, replace: false });
    host.id = status.node_id;
    return host;
  }

  /** By an operator's and by its own hands: plexctl makes the token, and plexctl takes it. */
  static async enrolByHand(world: World, name: string): Promise<EdgeHost> {
    const host = await EdgeHost.bare(world, name);
    const token = await world.plexctl(['node', 'enroll-token', '--scope', world.domain, '--output', 'json']);
    const status = await host.told<EdgeStatus>(['enroll', '--name', name, '--enroll-token-file', '-'], token.stdout);
    host.id = status.node_id;
    return host;
  }

  private static async bare(world: World, name: string): Promise<EdgeHost> {
    // Not below the story's folder: the path of a socket has 103 bytes.
    const host = new EdgeHost(world, name, await mkdtemp(join(tmpdir(), 'edge-')));
    world.afterwards(() => host.remove());
    return host;
  }

  get nodeId(): string {
    return this.id;
  }

  /** Ids of the events that it was shown, in order. */
  get heard(): unknown[] {
    return this.sightings('event').map(({ event_id }) => event_id);
  }

  sightings(what: string): Seen[] {
    return this.seen.filter((each) => each.what === what);
  }

  /** How the agent ended that runs, or ran last. */
  get ended(): Promise<Ended> {
    return this.end;
  }

  /** Starts the agent, and returns once the bus has let it in. `fullAtBytes`: no file of it may be longer. */
  async start({ fullAtBytes }: { fullAtBytes?: number } = {}): Promise<void> {
    const command = [process.execPath, PROGRAM, '--state', this.folder];
    // A shell counts blocks of 512 bytes.
    const limit = fullAtBytes === undefined ? 'unlimited' : String(Math.floor(fullAtBytes / 512));
    const agent = spawn('sh', ['-c', `ulimit -f ${limit} && exec "$0" "$@"`, ...command], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guard.addChild(agent);
    this.agent = agent;
    this.end = once(agent, 'close') as Promise<Ended>;
    agent.stderr.on('data', (text: Buffer) => (this.complaints = `${this.complaints}${String(text)}`.slice(-2_000)));
    const from = this.sightings('connected').length;
    createInterface({ input: agent.stdout }).on('line', (line) => this.seen.push(JSON.parse(line) as Seen));
    await eventually(() => this.sightings('connected').length > from, { describe: `the agent of ${this.name}` }).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}: ${this.complaints}`);
      },
    );
  }

  async stop(): Promise<void> {
    this.agent?.kill('SIGTERM');
    expect([this.name, ...(await this.end)]).toEqual([this.name, 0, null]);
  }

  /** A command of its own, as one types it there. */
  edge(args: string[], input = ''): Promise<Ran> {
    return this.world.plexctl(['edge', ...args, '--state', this.folder], input);
  }

  /** One that has to succeed. */
  told<Reply>(args: string[], input = ''): Promise<Reply> {
    return this.world.json(['edge', ...args, '--state', this.folder], input);
  }

  private async remove(): Promise<void> {
    this.agent?.kill('SIGKILL');
    await this.end;
    await rm(this.folder, { recursive: true, force: true });
  }
}
