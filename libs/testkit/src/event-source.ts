import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { headers, inboxPrefix, subjects } from '@plexsphere/wire';
import type { Publish, PublishReply } from '@plexsphere/wire/commands';
import { connect, type NatsConnection } from 'nats';
import { authenticatorOf } from './bus-credential';

/** Between two events, where nobody says otherwise. */
const EVERY_MS = 250;
const AGAIN_AFTER_MS = 100;
/** Longer than a restart of everything at once takes. */
const ANSWER_WITHIN_MS = 2_000;
/** nats.js keeps the timer of a dial that failed until it runs out (20 s by default), and the process with it. */
const DIAL_TIMEOUT_MS = 2_000;

/** A steady stream of events to all Nodes of a scope, sent by an operator's own credential over the bus. */
export class EventSource {
  /** Ids of the events that were accepted: every Node has to apply each of them once. */
  readonly accepted: string[] = [];
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  private constructor(
    private readonly connection: NatsConnection,
    private readonly operator: string,
    private readonly scope: string,
    private readonly everyMs: number,
  ) {}

  static async connect(options: {
    natsUrl: string;
    tokenFile: string;
    scope: string;
    everyMs?: number;
  }): Promise<EventSource> {
    const token = JSON.parse(await readFile(options.tokenFile, 'utf8')) as { operator: string; bus_credential: string };
    const connection = await connect({
      servers: options.natsUrl,
      authenticator: authenticatorOf(token.bus_credential),
      inboxPrefix: inboxPrefix({ kind: 'operator', id: token.operator }),
      maxReconnectAttempts: -1,
      waitOnFirstConnect: true,
      timeout: DIAL_TIMEOUT_MS,
    });
    return new EventSource(connection, token.operator, options.scope, options.everyMs ?? EVERY_MS);
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await this.connection.close();
  }

  private async run(): Promise<void> {
    for (let n = 1; !this.stopped; n++) {
      await this.publish(n);
      await delay(this.everyMs);
    }
  }

  /** Repeated under one request id until it is answered or stopped: a rotation service may be restarting meanwhile. */
  private async publish(n: number): Promise<void> {
    const request: Publish = {
      request_id: randomUUID(),
      scope: this.scope,
      event_type: 'route_updated',
      payload: JSON.stringify({ n, cost: 1.5 }),
    };
    const subject = subjects.command(this.operator, 'events.publish');
    while (!this.stopped) {
      try {
        const reply = await this.connection.request(subject, JSON.stringify(request), { timeout: ANSWER_WITHIN_MS });
        const code = reply.headers?.get(headers.errorCode);
        if (!code) {
          this.accepted.push(reply.json<PublishReply>().event_id);
          return;
        }
        if (code !== 'UNAVAILABLE' && code !== 'ABORTED' && code !== 'DEADLINE_EXCEEDED') {
          throw new Error(`the bus refused an event: ${code}`);
        }
      } catch (error) {
        // No responders and time-outs pass while services restart; the request id makes the retry safe.
        if (!(error instanceof Error) || !['503', 'TIMEOUT'].includes((error as Error & { code?: string }).code ?? ''))
          throw error;
      }
      await delay(AGAIN_AFTER_MS);
    }
  }
}
