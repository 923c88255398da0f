import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { authenticatorOf } from '@plexsphere/testkit';
import { credentialFile, headers, inboxPrefix, type ServiceName } from '@plexsphere/wire';
import { connect, type Msg, type NatsConnection } from 'nats';
import type { World } from '../../src/world';

export const credentialOf = ({ stack }: World, service: ServiceName): string =>
  join(dirname(stack.tokenFile), credentialFile(service));

/** On the bus as a replica of that service. */
export async function busAs(world: World, kind: ServiceName): Promise<NatsConnection> {
  const authenticator = authenticatorOf(await readFile(credentialOf(world, kind), 'utf8'));
  const bus = await connect({ servers: world.stack.natsUrl, authenticator, inboxPrefix: inboxPrefix({ kind }) });
  world.afterwards(() => bus.close());
  return bus;
}

export interface Load {
  subject: string;
  /** Asked for anew for each request. */
  body: () => Uint8Array;
  inFlight: number;
  ms: number;
}

export interface Answered {
  count: number;
  perSecond: number;
  tookMs: number[];
}

/**
 * Asks over the bus, so many at a time, each as soon as one before it was answered; anything but a good answer ends it. One
 * inbox for all and no timer or promise for each, so that it is the answering that takes the time.
 */
export class BusLoad {
  private readonly inbox: string;
  private heard: (message: Msg) => void = () => undefined;

  constructor(
    private readonly bus: NatsConnection,
    kind: ServiceName,
  ) {
    this.inbox = `${inboxPrefix({ kind })}.${randomBytes(16).toString('base64url')}`;
    bus.subscribe(`${this.inbox}.*`, { callback: (_, message) => this.heard(message) });
  }

  async run({ subject, body, inFlight, ms }: Load): Promise<Answered> {
    await this.bus.flush();
    const askedAt = new Float64Array(inFlight);
    const tookMs: number[] = [];
    const beganAt = performance.now();
    let open = 0;
    return new Promise((resolve, reject) => {
      const ask = (slot: number): void => {
        open += 1;
        askedAt[slot] = performance.now();
        this.bus.publish(subject, body(), { reply: `${this.inbox}.${slot}` });
      };
      this.heard = (message) => {
        const now = performance.now();
        const slot = Number(message.subject.slice(this.inbox.length + 1));
        open -= 1;
        tookMs.push(now - (askedAt[slot] ?? NaN));
        const isRefused = message.data.length === 0 || message.headers?.get(headers.errorCode);
        if (isRefused) return reject(new Error(`refused: ${message.headers?.get('Status') ?? ''} ${message.string()}`));
        if (now - beganAt < ms) return ask(slot);
        const count = tookMs.length;
        if (open === 0) resolve({ count, perSecond: (1_000 * count) / (now - beganAt), tookMs });
      };
      for (let slot = 0; slot < inFlight; slot++) ask(slot);
    });
  }
}
