import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/**
 * What Prometheus is told. Labels are names of routes and statuses: no Node and no scope, of which there are any number,
 * and which are nobody's business who can read this.
 */
@Injectable()
export class GatewayMetrics {
  readonly registry = new Registry();
  private readonly answers = new Counter({
    name: 'plexsphere_gateway_answers_total',
    help: 'Requests that were answered, by route and status.',
    labelNames: ['route', 'status'] as const,
    registers: [this.registry],
  });

  private readonly keySets = new Counter({
    name: 'plexsphere_gateway_key_sets_total',
    help: 'Key sets that were served, from memory under a lease or from the database.',
    labelNames: ['from'] as const,
    registers: [this.registry],
  });

  /** Looking a counter up by its labels costs more than counting: key sets are asked for ten thousand times a second. */
  private readonly byAnswer = new Map<string, Counter.Internal>();
  private readonly fromWhere = {
    memory: this.keySets.labels({ from: 'memory' }),
    database: this.keySets.labels({ from: 'database' }),
  };

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  servedKeySet(from: 'memory' | 'database'): void {
    this.fromWhere[from].inc();
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

  answered(route: string, status: number): void {
    const key = `${route} ${status}`;
    const known = this.byAnswer.get(key) ?? this.answers.labels({ route, status });
    this.byAnswer.set(key, known);
    known.inc();
  }
}
