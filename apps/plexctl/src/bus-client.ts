import { randomUUID } from 'node:crypto';
import { dialOptions } from '@plexsphere/bus-client';
import {
  headers,
  inboxPrefix,
  parseProblem,
  problem,
  randomToken,
  subjects,
  trafficOn,
  type BusUser,
  type ChangingCommand,
  type Code,
  type Command as Name,
  type ReadingCommand,
  type ReplyOf,
  type RequestOf,
} from '@plexsphere/wire';
import type { ConnectionOptions, Msg, NatsConnection } from 'nats';
import { ask, PATIENCE, type Answer, type Patience } from './ask';
import type { Bus, Surroundings } from './command';
import type { Endpoint } from './endpoint';
import { Failure } from './failure';
import { refuseAs } from './refusal';
import type { Access } from './access';
import { utc } from './render';
import { orStopped } from './interruption';
import { endsSoon } from './token-expiry';

/** Long enough for a far endpoint, and a port that is silent is told apart from a slow service. */
const DIAL_MS = 5_000;
const RENEW = 'plexctl token create makes the next one, by an admin';
/** Between two attempts to come back to a bus that went away: it is usually a restart. */
const RECONNECT_MS = 250;

/**
 * The commands over the bus. Dials at the first request, so that whatever is wrong with a command line or an input is
 * found before. The first dial is tried once: nothing has been asked yet, and a wrong address should be told at once.
 */
export class BusClient implements Bus {
  private connection: NatsConnection | undefined;

  constructor(
    private readonly access: Access,
    private readonly surroundings: Pick<Surroundings, 'terminal' | 'interrupted'>,
    private readonly patience: Patience = PATIENCE,
  ) {}

  get endpoint(): Endpoint {
    return this.access.endpoint;
  }

  get ca(): string | undefined {
    return this.access.busCa;
  }

  async ask<C extends ReadingCommand>(command: C, request: RequestOf<C>): Promise<ReplyOf<C>> {
    const answer = await this.request(command, request, false);
    if (answer.kind !== 'unknown') return this.read(command, answer);
    throw this.silence(command, {}, 'the service is up but slow or cut off: check it, then run the command again');
  }

  async change<C extends ChangingCommand>(command: C, request: RequestOf<C>, ifUnknown: string): Promise<ReplyOf<C>> {
    const { request_id: requestId = randomUUID() } = request as { request_id?: string };
    // Ctrl-C takes nothing back: who presses it is told how to find out what has become of it.
    const stop = this.surroundings.interrupted();
    const answer = await orStopped(this.request(command, { ...request, request_id: requestId }, true), stop);
    if (answer !== undefined && answer.kind !== 'unknown') return this.read(command, answer);
    const refused = answer?.refusal === undefined ? {} : { one_copy_was_refused: refusalOf(answer.refusal) };
    throw this.silence(command, { request_id: requestId, ...refused }, ifUnknown, 'outcome unknown');
  }

  async close(): Promise<void> {
    await this.connection?.close();
  }

  private async request(command: Name, request: object, changesSomething: boolean): Promise<Answer> {
    const user: BusUser = { kind: 'operator', id: this.access.token.operator };
    const text = JSON.stringify(request);
    const subject = subjects.command(user.id, command);
    // Far beyond it the bus would end the connection without a word about the command.
    const limit = trafficOn(subject)?.limitBytes ?? 0;
    if (Buffer.byteLength(text) > limit) throw problem('requestTooLarge', { limit_bytes: limit });
    this.connection ??= await this.dial();
    return ask(
      this.connection,
      { subject, inbox: `${inboxPrefix(user)}.${randomToken()}`, text, changesSomething },
      this.patience,
      (what) =>
        this.surroundings.terminal.note(
          `${what} at ${this.endpoint.text}; asking for up to ${seconds(this.patience)} s`,
        ),
    );
  }

  private async dial(): Promise<NatsConnection> {
    const { dialBus } = await import('@plexsphere/bus-client/connect');
    const { endpoint, token, busCa: ca } = this.access;
    const options: ConnectionOptions = {
      ...dialOptions({
        servers: [endpoint.text],
        credential: () => token.credential,
        inboxPrefix: inboxPrefix({ kind: 'operator', id: token.operator }),
        name: 'plexctl',
        ca,
        // Looked at where it is known who insists (access.ts).
        insecure: true,
      }),
      timeout: DIAL_MS,
      // The operator named one address; a list that the bus sends is not what was checked to be loopback or TLS.
      ignoreClusterUpdates: true,
      reconnectTimeWait: RECONNECT_MS,
      reconnectJitter: 0,
      reconnectJitterTLS: 0,
      maxReconnectAttempts: -1,
    };
    try {
      const connection = await dialBus(options);
      const end = endsSoon(token.credential.jwt, new Date());
      if (end !== undefined) this.surroundings.terminal.note(`this token ends ${utc(end.toISOString())}: ${RENEW}`);
      return connection;
    } catch (error) {
      throw this.notReached(error);
    }
  }

  private read<Reply>(command: Name, answer: Exclude<Answer, { kind: 'unknown' }>): Reply {
    if (answer.kind === 'nobody') {
      const hint = 'check that the rotation service runs and is connected to this bus; nothing has been done';
      throw this.silence(command, { code: 'UNAVAILABLE' }, hint, 'no rotation service answers');
    }
    if (answer.kind === 'lost') throw this.notReached(answer.error);
    return readReply(answer.message) as Reply;
  }

  private silence(command: Name, members: object, hint: string, detail = 'no answer in time'): Failure {
    const code: Code = 'DEADLINE_EXCEEDED';
    return new Failure(1, detail, { code, dialled: this.endpoint.text, command, ...members }, hint);
  }

  private notReached(error: unknown): Failure {
    const { code = 'UNKNOWN', message = '' } = (error ?? {}) as { code?: string; message?: string };
    const members = { dialled: this.endpoint.text, cause: CAUSES[code] ?? (message === '' ? code : message) };
    if (REFUSALS.has(code)) {
      const hint = 'the token file may be revoked, expired or of another installation: ask an admin for a new one';
      return refuseAs(code === 'PERMISSIONS_VIOLATION' ? 'permissionDenied' : 'notAuthenticated', members, { hint });
    }
    return refuseAs('busUnavailable', members, { hint: 'check --signer-endpoint, and that the bus runs there' });
  }
}

/** What the client library calls it when the bus refuses the credential. */
const REFUSALS = new Set([
  'AUTHORIZATION_VIOLATION',
  'AUTHENTICATION_EXPIRED',
  'AUTHENTICATION_TIMEOUT',
  'ACCOUNT_EXPIRED',
  'BAD_AUTHENTICATION',
  'PERMISSIONS_VIOLATION',
]);

const CAUSES: Readonly<Record<string, string>> = {
  CONNECTION_REFUSED: 'connection refused',
  TIMEOUT: 'nothing there speaks NATS, or it is too slow',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name service does not answer',
  SERVER_OPT_NA: 'it does not offer TLS',
  AUTHORIZATION_VIOLATION: 'the bus refuses the credential',
  AUTHENTICATION_EXPIRED: 'the credential has expired',
  PERMISSIONS_VIOLATION: 'the bus refuses this subject to the credential',
};

/** @throws Problem where the service refused, or where the reply is not JSON. */
function readReply(message: Msg): unknown {
  const code = message.headers?.get(headers.errorCode) ?? '';
  const body = parseReply(message);
  if (code !== '') throw parseProblem(code, body);
  if (body === undefined) throw problem('internal');
  return body;
}

const refusalOf = (message: Msg): string =>
  parseProblem(message.headers?.get(headers.errorCode) ?? '', parseReply(message)).detail;

function parseReply(message: Msg): unknown {
  try {
    return message.json<unknown>();
  } catch {
    // A reply that is not JSON is told like one that is missing: by its header, or as an internal error.
    return undefined;
  }
}

const seconds = ({ overallMs }: Patience): number => overallMs / 1_000;
