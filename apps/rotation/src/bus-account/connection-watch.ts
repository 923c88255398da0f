import { setTimeout as delay } from 'node:timers/promises';
import { Loop, type Logger } from '@plexsphere/service-kit';
import { ACCOUNT_PUSHER_INBOX, accountSubjects, randomToken } from '@plexsphere/wire';
import { Events, type NatsConnection } from 'nats';
import type { BusConnections } from './bus-connections';
import { readEvent, readPage, type Connected, type Page } from './read-connections';

/** Of a Node or an operator; undefined for a service, of which several replicas share one credential. */
export type NameOfUser = (publicKey: string) => Promise<{ kind: 'node' | 'operator'; name: string } | undefined>;

/** Two may be a Node that came back before its old connection was found dead; so many are several users of one credential. */
const TOO_MANY = 4;
/** Events can be lost; what the servers answer is right again after this. */
const ASK_EVERY_MS = 60_000;
/** Nobody answered: a bus that is new does not have the account yet, of which it was asked. */
const ASK_AGAIN_MS = 500;
/** How long the servers are listened to after each question, because nobody says how many there are. */
const ANSWERS_WITHIN_MS = 1_000;
/** An entry has 1.5 KB, and an answer has to fit 1 MB. */
const PAGE = 256;

/**
 * Counts the connections of each bus user: by what the servers tell of each that comes and goes, and by asking them at
 * the start, after a reconnect, and every minute. Over rotation's connection in the system account.
 */
export class ConnectionWatch {
  private readonly loop: Loop;
  private readonly warned = new Set<string>();
  /** What came and went while the servers were being asked: their answers may be from before. */
  private since: { come: Connected[]; gone: Connected[] } | undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly account: string,
    private readonly connections: BusConnections,
    private readonly nameOf: NameOfUser,
    private readonly logger: Logger,
  ) {
    this.loop = new Loop({
      turn: async (stopping) => ((await this.ask(stopping)) ? ASK_EVERY_MS : ASK_AGAIN_MS),
      everyMs: ASK_AGAIN_MS,
      failure: 'bus connections not counted',
      logger,
    });
  }

  start(): void {
    const subjects = accountSubjects(this.account);
    this.hear(subjects.connect, (connected) => this.came(connected));
    this.hear(subjects.disconnect, (connected) => this.went(connected));
    void this.askOnReconnect();
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private hear(subject: string, take: (connected: Connected) => void): void {
    this.connection.subscribe(subject, {
      callback: (_, message) => {
        const connected = readEvent(parse(message.data));
        if (connected !== undefined) take(connected);
      },
    });
  }

  private came(connected: Connected): void {
    this.since?.come.push(connected);
    this.connections.add(connected.server, connected.id, connected.publicKey);
    this.warn(connected.publicKey);
  }

  private went(connected: Connected): void {
    this.since?.gone.push(connected);
    this.connections.remove(connected.server, connected.id);
    this.warn(connected.publicKey);
  }

  private async askOnReconnect(): Promise<void> {
    for await (const { type } of this.connection.status()) if (type === Events.Reconnect) this.loop.wake();
  }

  /** False where no server answered. */
  private async ask(stopping: AbortSignal): Promise<boolean> {
    this.since = { come: [], gone: [] };
    try {
      const found = new Map<string, Map<number, string>>();
      for (let offset = 0, isMore = true; isMore; offset += PAGE) {
        const pages = await this.page(offset, stopping);
        for (const { server, connections } of pages) {
          const known = found.get(server) ?? new Map<number, string>();
          found.set(server, known);
          for (const { id, publicKey } of connections) known.set(id, publicKey);
        }
        isMore = pages.some(({ total }) => total > offset + PAGE);
      }
      for (const { server, id, publicKey } of this.since.come) found.get(server)?.set(id, publicKey);
      for (const { server, id } of this.since.gone) found.get(server)?.delete(id);
      // A bus of which nobody answers has not lost its connections: we have.
      if (found.size > 0) this.connections.replace(found);
      for (const publicKey of [...this.warned, ...this.connections.from(TOO_MANY)]) this.warn(publicKey);
      return found.size > 0;
    } finally {
      this.since = undefined;
    }
  }

  /** One page of each server. */
  private async page(offset: number, stopping: AbortSignal): Promise<Page[]> {
    const pages: Page[] = [];
    const inbox = `${ACCOUNT_PUSHER_INBOX}.${randomToken()}`;
    const answers = this.connection.subscribe(inbox, {
      callback: (_, message) => {
        const page = readPage(parse(message.data));
        if (page !== undefined) pages.push(page);
      },
    });
    const question = JSON.stringify({ auth: true, sort: 'cid', offset, limit: PAGE });
    this.connection.publish(accountSubjects(this.account).connections, question, { reply: inbox });
    await delay(ANSWERS_WITHIN_MS, undefined, { signal: stopping });
    answers.unsubscribe();
    return pages;
  }

  /** Once, until it is in one hand again: commands that come and go beside three that stay are no news each time. */
  private warn(publicKey: string): void {
    const count = this.connections.of(publicKey) ?? 0;
    if (count <= 1) this.warned.delete(publicKey);
    if (count < TOO_MANY || this.warned.has(publicKey)) return;
    this.warned.add(publicKey);
    void this.nameOf(publicKey).then(
      (user) => {
        if (user !== undefined) this.logger.warn({ ...user, connections: count }, 'a bus credential is in many hands');
      },
      // The next one that comes by it, or the next minute, tries again.
      () => this.warned.delete(publicKey),
    );
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as unknown;
  } catch {
    // Not JSON, so it is none of the messages that are read here.
    return undefined;
  }
}
