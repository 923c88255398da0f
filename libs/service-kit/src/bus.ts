import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dialOptions, lastGood, readBusCredential } from '@plexsphere/bus-client';
import { dialBus } from '@plexsphere/bus-client/connect';
import {
  headers as wireHeaders,
  Problem,
  inboxPrefix,
  parseProblem,
  problem,
  randomToken,
  type BusUser,
  type ProblemName,
} from '@plexsphere/wire';
import {
  ErrorCode,
  NatsError,
  headers as natsHeaders,
  nuid,
  type ConnectionOptions,
  type MsgHdrs,
  type NatsConnection,
} from 'nats';
import type { Logger } from './logger';
import type { ServiceConfig } from './service-config';

/** How long before a first connection is tried again; the bus may not have the account yet (rotation pushes it). */
const CONNECT_AGAIN_MS = 250;

/** After this a silent signer is asked again, perhaps another one: signing twice is harmless. */
const ASK_AGAIN_MS = 250;

const silence = (): Promise<undefined> => new Promise(() => undefined);

/** undefined where it takes longer. No timer is left behind, of which there would be thousands under load. */
async function firstWithin<Answer>(asked: readonly Promise<Answer>[], ms: number): Promise<Answer | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
  try {
    return await Promise.race([...asked, patience]);
  } finally {
    clearTimeout(timer);
  }
}

function headersOf(named: Readonly<Record<string, string>>): MsgHdrs {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(named)) headers.set(name, value);
  return headers;
}

const isAnswerOf = <Reply extends object>(
  reply: unknown,
  isAnswer: (reply: Partial<Reply>) => boolean,
): reply is Reply => typeof reply === 'object' && reply !== null && isAnswer(reply);

/**
 * A service's one connection to the bus: JSON requests and events, problems as errors. Of one that goes on without the bus
 * it may not be there yet: then it is as if it were down.
 */
export class Bus {
  private readonly waiting: (() => Promise<void> | void)[] = [];

  constructor(private present?: NatsConnection) {}

  /** @throws Problem busUnavailable, before there is one */
  get connection(): NatsConnection {
    if (this.present === undefined) throw problem('busUnavailable');
    return this.present;
  }

  get isThere(): boolean {
    return this.present !== undefined;
  }

  /** At once where it is there; else as soon as it is. */
  async whenThere(act: () => Promise<void> | void): Promise<void> {
    if (this.present === undefined) this.waiting.push(act);
    else await act();
  }

  /** It is there from now on: who has waited for it begins. */
  async arrives(connection: NatsConnection): Promise<void> {
    this.present = connection;
    for (const act of this.waiting.splice(0)) await act();
  }

  /** Resolves when the bus has had everything that was said before. @throws Problem busUnavailable where it is away */
  async flush(): Promise<void> {
    try {
      await this.connection.flush();
    } catch (error) {
      if (error instanceof NatsError) throw problem('busUnavailable');
      throw error;
    }
  }

  /** Whether that is so within this time, and the bus there. */
  flushedWithin(ms: number): Promise<boolean> {
    const flushed = this.flush().then(
      () => true,
      (error: unknown) => {
        if (error instanceof Problem) return false;
        throw error;
      },
    );
    return Promise.race([flushed, delay(ms, false, { ref: false })]);
  }

  /**
   * One request, one JSON reply.
   * @throws Problem as the other side answered; `unavailable` where nobody listens; DEADLINE_EXCEEDED after timeoutMs.
   */
  async request<Reply>(
    subject: string,
    body: object,
    options: { timeoutMs: number; unavailable: ProblemName; headers?: Readonly<Record<string, string>> },
  ): Promise<Reply> {
    try {
      if (this.present === undefined) throw problem(options.unavailable);
      const reply = await this.present.request(subject, JSON.stringify(body), {
        timeout: options.timeoutMs,
        ...(options.headers !== undefined && { headers: headersOf(options.headers) }),
      });
      const errorCode = reply.headers?.get(wireHeaders.errorCode);
      if (errorCode) throw parseProblem(errorCode, reply.json());
      return reply.json<Reply>();
    } catch (error) {
      if (!(error instanceof NatsError)) throw error;
      if (error.code === ErrorCode.Timeout) throw problem('noAnswer');
      throw problem(options.unavailable);
    }
  }

  /**
   * Asks signers for something that is harmless to do twice: a silent one is asked again after 250 ms, while nothing
   * that comes later than `durationMs` after the first ask is accepted, because a lease that was good then may be over.
   * The first answer counts, a refusal too. What is none counts as silence: whoever has a signer's credential can say
   * something before the signer does.
   * @throws Problem as the signer answered; UNAVAILABLE where no signer holds the lease; DEADLINE_EXCEEDED.
   */
  async askSigner<Reply extends object>(
    subject: string,
    body: object,
    durationMs: number,
    isAnswer: (reply: Partial<Reply>) => boolean,
  ): Promise<Reply> {
    const endsAt = performance.now() + durationMs;
    const asks: Promise<Reply | undefined>[] = [];
    for (let leftMs = durationMs; leftMs > 0; leftMs = endsAt - performance.now()) {
      const timeoutMs = Math.max(1, leftMs);
      const request = { ...body, duration_ms: Math.floor(durationMs) };
      const ask = this.request<unknown>(subject, request, { timeoutMs, unavailable: 'noSigner' }).then((reply) =>
        isAnswerOf(reply, isAnswer) ? reply : silence(),
      );
      // An ask that is overtaken ends by its own time-out, and nobody waits for it.
      ask.catch(() => undefined);
      asks.push(ask);
      const answer = await firstWithin(asks, Math.min(ASK_AGAIN_MS, timeoutMs));
      if (answer !== undefined && performance.now() < endsAt) return answer;
    }
    throw problem('noAnswer');
  }

  /** Lost while the bus is away. */
  publish(subject: string, body: object): void {
    this.present?.publish(subject, JSON.stringify(body));
  }
}

/**
 * Connects and goes on trying until it is in: at first start the bus admits nobody before rotation has pushed the
 * account, and a bus that lost its disk is in that state again. The credential is read anew at each connect. `isAway` is
 * called whenever it is not let in.
 * @throws BusClientError, at once: addresses that no credential may be shown to, or a file that holds none
 */
export async function connectBus(
  config: Pick<ServiceConfig, 'natsUrl' | 'busCaFile' | 'allowPlaintextBus'>,
  who: { credentialFile: string; user: BusUser | { inboxPrefix: string }; name: string },
  logger: Logger,
  isAway: () => void = () => undefined,
): Promise<NatsConnection> {
  const credential = lastGood(() => readBusCredential(readFileSync(who.credentialFile, 'utf8')));
  credential();
  const options: ConnectionOptions = {
    ...dialOptions({
      servers: config.natsUrl.split(','),
      credential,
      inboxPrefix: 'inboxPrefix' in who.user ? who.user.inboxPrefix : inboxPrefix(who.user),
      name: who.name,
      caFile: config.busCaFile || undefined,
      insecure: config.allowPlaintextBus,
    }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    // A revoked-then-restored account must not end the process for good.
    ignoreAuthErrorAbort: true,
    // The library would write down two stacks with every request; its errors become problems, which have none.
    noAsyncTraces: true,
  };
  let told = '';
  for (;;) {
    try {
      const connection = await dialBus(options);
      exitWhenRefused(connection, logger);
      return connection;
    } catch (error) {
      const reason = error instanceof NatsError ? error.code : String(error);
      if (reason !== told) logger.warn({ reason }, 'bus not reachable yet');
      told = reason;
      isAway();
      await delay(CONNECT_AGAIN_MS);
    }
  }
}

/**
 * The client gives a connection up where we refuse what the server asks to have signed; everything else is tried again
 * for ever. A process without its connection would hear nothing more: a new one begins by waiting for a better bus.
 */
function exitWhenRefused(connection: NatsConnection, logger: Logger): void {
  void connection.closed().then((err) => {
    if (!(err instanceof Error)) return;
    logger.error({ err }, 'bus connection given up');
    process.exit(1);
  });
}

/**
 * The library numbers its reply subjects from a random start, one after the other: who has seen one can name all that
 * follow, and answer what was asked of somebody else (a relay's stream, an operator's rotation). From here on each reply
 * subject of this process, JetStream's acknowledgements included, ends in 128 random bits of its own.
 */
export function useRandomReplyTokens(): void {
  nuid.next = randomToken;
}
