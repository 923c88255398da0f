import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/**
 * How often it is looked how late the process is: each time wakes it, and at the library's own 10 ms that was nearly all that a
 * gateway did to which nobody came. The figures have it in them: a process that is never late says this.
 */
const LATENESS_EVERY_MS = 100;

/**
 * What Prometheus is told. Labels are names of routes and statuses: no Node and no scope, of which there are any number,
 * and which are nobody's business who can read this.
 */
@Injectable()
export class GatewayMetrics {
  readonly registry = new Registry();
  /** By route, by status: counted here, and told when somebody asks. Key sets are asked for ten thousand times a second. */
  private readonly answers = new Map<string, Map<number, number>>();
  private readonly keySets = { memory: 0, database: 0 };

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LATENESS_EVERY_MS });
    const { answers, keySets, registry } = this;
    const registers = [registry];
    new Counter({
      name: 'plexsphere_gateway_answers_total',
      help: 'Requests that were answered, by route and status.',
      labelNames: ['route', 'status'],
      registers,
      collect() {
        this.reset();
        for (const [route, counts] of answers) for (const [status, n] of counts) this.inc({ route, status }, n);
      },
    });
    new Counter({
      name: 'plexsphere_gateway_key_sets_total',
      help: 'Key sets that were served, from memory under a lease or from the database.',
      labelNames: ['from'],
      registers,
      collect() {
        this.reset();
        for (const [from, n] of Object.entries(keySets)) this.inc({ from }, n);
      },
    });
  }

  servedKeySet(from: 'memory' | 'database'): void {
    this.keySets[from] += 1;
  }

  /** What stands at the moment at which it is asked for. */
  gauge(name: string, help: string, read: () => number): void {
    const registers = [this.registry];
    new Gauge({
      ...{ name: `plexsphere_gateway_${name}`, help, registers },
      collect() {
        this.set(read());
      },
    });
  }

  /** The same of what has to be read, for each of a few; what cannot be read at that moment is not told. */
  gaugeEach(name: string, help: string, label: string, read: () => Promise<{ of: string; value: number }[]>): void {
    const registers = [this.registry];
    new Gauge({
      ...{ name: `plexsphere_gateway_${name}`, help, labelNames: [label], registers },
      async collect() {
        this.reset();
        for (const { of, value } of await read().catch(() => [])) this.set({ [label]: of }, value);
      },
    });
  }

  answered(route: string, status: number): void {
    const counts = this.answers.get(route) ?? new Map<number, number>();
    this.answers.set(route, counts);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
}
