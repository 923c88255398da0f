import { Injectable } from '@nestjs/common';
import { Counter, Registry, collectDefaultMetrics } from 'prom-client';

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

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  answered(route: string, status: number): void {
    this.answers.inc({ route, status });
  }
}
