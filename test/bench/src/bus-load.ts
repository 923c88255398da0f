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
  /** What is asked again at once after a refusal; undefined for what is an error. Without it any refusal ends the load. */
  again?: (refusal: Msg) => Uint8Array | undefined;
}

export interface Answered {
  count: number;
  perSecond: number;
  /** Of each good answer, in their order. */
  tookMs: number[];
  askedAtMs: number[];
  errors: string[];
  /** How often a refusal was asked again. */
  retries: number;
}

/** Answers that have not come by then come no more: nobody would take a signature that is so late. */
const SILENCE_MS = 5_000;

/**
 * Asks over the bus, so many at a time, each as soon as one before it was answered. One inbox for all and no timer or promise
 * for each, so that it is the answering that takes the time.
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

  async run({ subject, body, inFlight, ms, again }: Load): Promise<Answered> {
    await this.bus.flush();
    const askedAt = new Float64Array(inFlight);
    const told: Answered = { count: 0, perSecond: 0, tookMs: [], askedAtMs: [], errors: [], retries: 0 };
    const beganAt = performance.now();
    const open = new Set<number>();
    const publish = (slot: number, text: Uint8Array): void =>
      this.bus.publish(subject, text, { reply: `${this.inbox}.${slot}` });
    const ask = (slot: number): void => {
      open.add(slot);
      askedAt[slot] = performance.now();
      publish(slot, body());
    };
    return new Promise((resolve, reject) => {
      const silent = setTimeout(() => {
        this.heard = () => undefined;
        if (again === undefined) return reject(new Error(`${open.size} requests were not answered`));
        told.errors.push(...[...open].map(() => 'not answered'));
        resolve(told);
      }, ms + SILENCE_MS);
      this.heard = (message) => {
        const now = performance.now();
        const slot = Number(message.subject.slice(this.inbox.length + 1));
        if (isRefusal(message)) {
          const next = again?.(message);
          if (next !== undefined) {
            told.retries += 1;
            return publish(slot, next);
          }
          told.errors.push(`${message.headers?.get('Status') ?? ''} ${message.string()}`);
          if (again === undefined) {
            clearTimeout(silent);
            return reject(new Error(`refused: ${told.errors[0]}`));
          }
        } else {
          told.askedAtMs.push(askedAt[slot] ?? NaN);
          told.tookMs.push(now - (askedAt[slot] ?? NaN));
        }
        open.delete(slot);
        if (now - beganAt < ms) return ask(slot);
        if (open.size > 0) return;
        clearTimeout(silent);
        const count = told.tookMs.length;
        resolve({ ...told, count, perSecond: (1_000 * count) / (now - beganAt) });
      };
      for (let slot = 0; slot < inFlight; slot++) ask(slot);
    });
  }
}

const isRefusal = ({ data, headers: said }: Msg): boolean =>
  data.length === 0 || (said !== undefined && said.get(headers.errorCode) !== '');

/** The times of what was asked between the two. */
export const tookBetween = (
  { tookMs, askedAtMs }: Pick<Answered, 'tookMs' | 'askedAtMs'>,
  fromMs: number,
  untilMs: number,
): number[] => tookMs.filter((_, index) => askedAtMs[index]! >= fromMs && askedAtMs[index]! < untilMs);
