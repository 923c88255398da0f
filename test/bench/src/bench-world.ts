import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { guard, localFolder, type StackOptions } from '@plexsphere/stack';
import { Ground, World } from '../../src/world';
import { CpuMeter } from './cpu';
import { Peer } from './peer';
import { installPeers } from './peer-packages';
import { inTurns } from './rounds';

/** As who runs it: what is committed is on the disk. */
const AS_IN_PRODUCTION = { durable: true } as const;
const COMMON = { rotations: 1, signers: 1, relays: 1, gateways: 1 } as const;

/** What outlives a single bench: the stack that those share that leave it as they found it. */
export class CommonGround {
  private ground: Promise<Ground> | undefined;

  get(): Promise<Ground> {
    return (this.ground ??= Ground.prepare({ ...AS_IN_PRODUCTION, ...COMMON }));
  }

  /** Two stacks at a time would fight for the machine. */
  async end(): Promise<void> {
    const ground = await this.ground?.catch(() => undefined);
    this.ground = undefined;
    await ground?.remove();
  }
}

/** What one bench is given. All that it begins ends with it. */
export class BenchWorld {
  private readonly endings: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly quick: boolean,
    readonly seed: number,
    /** Empty, and gone afterwards. */
    readonly dir: string,
    private readonly common: CommonGround,
  ) {}

  static async begin(quick: boolean, seed: number, common: CommonGround): Promise<BenchWorld> {
    await mkdir(localFolder, { recursive: true, mode: 0o700 });
    const dir = await mkdtemp(join(localFolder, 'bench-'));
    guard.erase(dir);
    return new BenchWorld(quick, seed, dir, common);
  }

  /** Real processes for this bench alone, two replicas of each service where nothing else is said. */
  async stack(options: Omit<StackOptions, 'dir'>): Promise<World> {
    await this.common.end();
    const ground = await Ground.prepare({ ...AS_IN_PRODUCTION, ...options });
    this.afterwards(() => ground.remove());
    return this.on(ground);
  }

  /** One replica of each service. Others have used it and others will: every bench has a Domain of its own there. */
  async commonStack(): Promise<World> {
    return this.on(await this.common.get());
  }

  /** For what computes and asks nobody: no stack stands beside it. */
  alone(): Promise<void> {
    return this.common.end();
  }

  /** A program of ../peers. */
  peer(file: string, execArgv?: string[]): Peer {
    const peer = Peer.begin(file, execArgv);
    this.afterwards(() => peer.end());
    return peer;
  }

  /** For a peer that is made of packages which the product does not use. */
  installPeers(): Promise<void> {
    this.note('peers need packages of their own, which are installed once');
    return installPeers();
  }

  /** By turns, for each what it gave in each round. */
  rounds<Name extends string, Figures>(
    contestants: Readonly<Record<Name, () => Promise<Figures>>>,
    { full = 9, quick = 3 } = {},
  ): Promise<Record<Name, Figures[]>> {
    return inTurns(this.quick ? quick : full, contestants);
  }

  /** From now on. */
  cpuOf(pids: Readonly<Record<string, number | undefined>>): CpuMeter {
    return new CpuMeter(pids);
  }

  /** Of a whole stack, by the names of its processes. */
  cpuOfStack({ stack }: World): CpuMeter {
    return new CpuMeter(Object.fromEntries(stack.processes().map(({ name, pid }) => [name, pid])));
  }

  /** Beside the table, for who watches. */
  note(text: string): void {
    process.stderr.write(`  ${text}\n`);
  }

  afterwards(end: () => Promise<unknown>): void {
    this.endings.push(end);
  }

  /** The last that was begun ends first. */
  async end(): Promise<void> {
    for (const end of this.endings.reverse()) {
      await end().catch((error: unknown) => this.note(`left behind: ${String(error)}`));
    }
    await rm(this.dir, { recursive: true, force: true });
    guard.keep(this.dir);
  }

  private async on(ground: Ground): Promise<World> {
    const world = await World.on(ground);
    this.afterwards(() => world.end());
    return world;
  }
}
