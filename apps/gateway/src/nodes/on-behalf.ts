import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import { problem, trafficOn } from '@plexsphere/wire';

/** As long as rotation may wait for a scope that is just being changed, and then some. */
const TIMEOUT_MS = 10_000;

/** What changes something is rotation's to do: asked over the bus, for a Node whose bearer or proof was shown here. */
@Injectable()
export class OnBehalf {
  constructor(private readonly bus: Bus) {}

  /** @throws Problem as rotation answered; busUnavailable, noAnswer */
  ask<Reply>(subject: string, request: object): Promise<Reply> {
    return this.request<Reply>(subject, { ...request, request_id: randomUUID() });
  }

  /**
   * What is the same fact however often it is said has no name of its own.
   * @throws Problem as `ask`; requestTooLarge
   */
  async say<Reply>(subject: string, fact: object): Promise<Reply> {
    const limit = trafficOn(subject)?.limitBytes ?? 0;
    // Rotation would refuse it unread.
    if (Buffer.byteLength(JSON.stringify(fact)) > limit) throw problem('requestTooLarge', { limit_bytes: limit });
    return this.request<Reply>(subject, fact);
  }

  private request<Reply>(subject: string, body: object): Promise<Reply> {
    return this.bus.request<Reply>(subject, body, { timeoutMs: TIMEOUT_MS, unavailable: 'busUnavailable' });
  }
}
