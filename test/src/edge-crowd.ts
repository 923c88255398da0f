/** Many hosts with keys of their own in a few processes, which can be killed. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EdgeChanged, EdgeStatus } from '@plexsphere/edge';
import { guard } from '@plexsphere/stack';
import { bearerHash, makeBearer } from '@plexsphere/wire';
import type { World } from './world';

/** What a host has seen since its process began. */
export interface CrowdHost {
  name: string;
  status: EdgeStatus;
  heard: { position: number; eventId: string }[];
  connected: number;
  disconnected: number;
  changed: (Pick<EdgeChanged, 'generation' | 'confirmed'> & { what: 'key' | 'token'; why: string })[];
  failed: string[];
  refused: string[];
  over: string | null;
}

interface Beginning {
  name: string;
  folder: string;
  token: string;
  gateways: string[];
}

/** Some hosts in one process. */
export class EdgeCrowd {
  private child: ChildProcess | undefined;

  private constructor(private readonly beginnings: readonly Beginning[]) {}

  /** They come in by tokens, one after the other. */
  static async begin(world: World, names: readonly string[]): Promise<EdgeCrowd> {
    const operator = await world.operator();
    const folder = await mkdtemp(join(tmpdir(), 'edge-'));
    const beginnings: Beginning[] = [];
    for (const name of names) {
      const token = makeBearer();
      await operator.change('node.enroll-token', { scope: world.domain, token_hash: bearerHash(token) });
      beginnings.push({ name, folder: join(folder, name), token, gateways: world.gatewayUrls });
    }
    const crowd = new EdgeCrowd(beginnings);
    world.afterwards(async () => {
      await crowd.end();
      await rm(folder, { recursive: true, force: true });
    });
    await crowd.start();
    return crowd;
  }

  /** By what their folders hold, where they were here before. */
  async start(): Promise<void> {
    const child = fork(join(__dirname, 'edge-crowd-process.cjs'));
    guard.addChild(child);
    this.child = child;
    await this.asked({ begin: this.beginnings });
  }

  async look(): Promise<CrowdHost[]> {
    return ((await this.asked({ look: true })) as { hosts: CrowdHost[] }).hosts;
  }

  /** kill -9: whatever each of them was about. */
  async kill(): Promise<void> {
    await this.gone((child) => child.kill('SIGKILL'));
  }

  async end(): Promise<void> {
    await this.gone((child) => child.disconnect());
  }

  private async asked(message: object): Promise<unknown> {
    const { child } = this;
    if (child === undefined) throw new Error('nobody is here');
    const done = new AbortController();
    const until = (event: string): Promise<unknown[]> => once(child, event, { signal: done.signal });
    const ended = until('exit').then(([code]) => Promise.reject(new Error(`a crowd ended: ${String(code)}`)));
    ended.catch(() => undefined);
    try {
      const answered = until('message');
      child.send(message);
      const [answer] = await Promise.race([answered, ended]);
      return answer;
    } finally {
      done.abort();
    }
  }

  private async gone(go: (child: ChildProcess) => void): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    go(child);
    await ended;
  }
}
