import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';

/** As long as rotation may wait for a scope that is just being changed, and then some. */
const TIMEOUT_MS = 10_000;

/** What changes something is rotation's to do: asked over the bus, for a Node whose bearer was shown here. */
@Injectable()
export class OnBehalf {
  constructor(private readonly bus: Bus) {}

  /** @throws Problem as rotation answered; busUnavailable, noAnswer */
  ask<Reply>(subject: string, request: object): Promise<Reply> {
    const body = { ...request, request_id: randomUUID() };
    return this.bus.request<Reply>(subject, body, { timeoutMs: TIMEOUT_MS, unavailable: 'busUnavailable' });
  }
}
