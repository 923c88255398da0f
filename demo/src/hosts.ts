import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fleet } from './fleet';
import type { Mesh } from './mesh';
import { readJournals, type Journals } from './read-journals';

const PROCESSES = 4;
const IN_EACH = 5;

/** Twenty hosts with keys of their own, in a few processes; the last one is in one alone, and can be away. */
export class Hosts {
  readonly names = Array.from(
    { length: PROCESSES * IN_EACH },
    (_, index) => `host-${String(index + 1).padStart(2, '0')}`,
  );
  private readonly journals: string;
  private readonly others: Fleet[];
  private readonly last: Fleet;
  /** How many events were published before all of them listened. */
  private before = 0;

  constructor(private readonly mesh: Mesh) {
    this.journals = join(mesh.setting.dir, 'hosts');
    const fleets = Array.from({ length: PROCESSES + 1 }, (_, index) => this.fleet(String(index + 1)));
    this.others = fleets.slice(0, PROCESSES);
    this.last = fleets[PROCESSES]!;
  }

  get lastName(): string {
    return this.names.at(-1)!;
  }

  /** Each is enrolled by a token of its own, over the gateway, and listens. */
  async start(): Promise<void> {
    const fleets = [...this.others, this.last];
    for (const [index, { enrolments }] of fleets.entries()) {
      await mkdir(enrolments, { recursive: true, mode: 0o700 });
      await this.mesh.operator.drawTokens(this.namesIn(index), enrolments);
    }
    await Promise.all(fleets.map((fleet) => fleet.start()));
    this.before = this.mesh.published.length;
  }

  lastGoes(): Promise<void> {
    return this.last.stop();
  }

  lastComes(): Promise<void> {
    return this.last.start();
  }

  /** Ids of the events that each of them has to apply once. */
  get published(): readonly string[] {
    return this.mesh.published.slice(this.before);
  }

  seen(): Promise<Journals> {
    return readJournals(this.journals);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.others, this.last].map((fleet) => fleet.stop()));
  }

  private namesIn(process: number): string[] {
    if (process === PROCESSES) return [this.lastName];
    return this.names.slice(0, -1).slice(process * IN_EACH, (process + 1) * IN_EACH);
  }

  private fleet(name: string): Fleet {
    return new Fleet('edge-fleet', join(this.mesh.setting.dir, 'enrolments', `hosts-${name}`), () => [
      ...['--out', this.journals],
      ...this.mesh.gatewayUrls.flatMap((url) => ['--gateway', url]),
    ]);
  }
}
