import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { authenticatorOf } from '@plexsphere/testkit';
import { headers, inboxPrefix, subjects, type Command, type Role, createBusKey, credsText } from '@plexsphere/wire';
import { connect, ErrorCode, NatsError, type Msg, type NatsConnection } from 'nats';
import type { World } from './world';

export interface Answer {
  /** Empty where it is no problem. */
  code: string;
  body: Record<string, unknown>;
}

/** What a service that was killed, or has not its leases yet, leaves an operator with. */
const NOT_NOW = ['UNAVAILABLE', 'ABORTED', 'DEADLINE_EXCEEDED'];
const ANSWER_WITHIN_MS = 15_000;
const AGAIN_AFTER_MS = 200;
const PATIENCE_MS = 120_000;

/** The admin's own credential on the bus, without a client that would keep anybody from sending what they like. */
export class OperatorConnection {
  private constructor(
    private readonly connection: NatsConnection,
    private readonly operator: string,
  ) {}

  static async open(world: World): Promise<OperatorConnection> {
    const token = JSON.parse(await readFile(world.stack.tokenFile, 'utf8')) as {
      operator: string;
      bus_credential: string;
    };
    return OperatorConnection.dial(world, token.operator, token.bus_credential);
  }

  private static async dial(world: World, operator: string, credential: string): Promise<OperatorConnection> {
    const connection = await connect({
      servers: world.stack.natsUrl,
      authenticator: authenticatorOf(credential),
      inboxPrefix: inboxPrefix({ kind: 'operator', id: operator }),
      // The server hangs up on whoever takes two seconds to answer it, and nats.js waits on: a busy machine dials again.
      waitOnFirstConnect: true,
      // A story may keep the bus away for as long as it likes.
      maxReconnectAttempts: -1,
      timeout: 5_000,
    });
    world.afterwards(() => connection.close());
    return new OperatorConnection(connection, operator);
  }

  /** Another operator, of whom the admin has just made a token. */
  async makeColleague(world: World, name: string, may: { role: Role; scopes?: string[] }): Promise<OperatorConnection> {
    const key = createBusKey('user');
    const made = await this.ask('token.create', {
      ...{ name, ...may, bus_public_key: key.publicKey, bearer_hash: randomBytes(32).toString('hex') },
    });
    const { id, bus_jwt: jwt } = made.body as { id: string; bus_jwt: string };
    return OperatorConnection.dial(world, id, credsText(jwt, key.seed));
  }

  async ask(command: Command, body: object, timeout?: number): Promise<Answer> {
    const reply = await this.send(command, JSON.stringify(body), timeout);
    return { code: reply.headers?.get(headers.errorCode) ?? '', body: reply.json() };
  }

  /** As plexctl does: under one request id, repeated until it is answered. @throws Error where it is refused */
  change<Reply>(command: Command, body: object): Promise<Reply> {
    return this.answered(command, JSON.stringify({ ...body, request_id: randomUUID() }));
  }

  /** What changes nothing; repeated as a change is. @throws Error where it is refused */
  look<Reply>(command: Command, body: object): Promise<Reply> {
    return this.answered(command, JSON.stringify(body));
  }

  private async answered<Reply>(command: Command, text: string): Promise<Reply> {
    for (const until = Date.now() + PATIENCE_MS; ;) {
      const { code, body: answer } = await this.tried(command, text);
      if (code === '') return answer as Reply;
      if (!NOT_NOW.includes(code) || Date.now() > until) {
        throw new Error(`${command} is refused: ${code} ${JSON.stringify(answer)}`);
      }
      await delay(AGAIN_AFTER_MS);
    }
  }

  send(command: Command, text: string, timeout = 29_000): Promise<Msg> {
    return this.connection.request(subjects.command(this.operator, command), text, { timeout });
  }

  private async tried(command: Command, text: string): Promise<Answer> {
    try {
      const reply = await this.send(command, text, ANSWER_WITHIN_MS);
      return { code: reply.headers?.get(headers.errorCode) ?? '', body: reply.json() };
    } catch (error) {
      // Nobody answers, or nobody in time.
      if (error instanceof NatsError && [ErrorCode.NoResponders, ErrorCode.Timeout].includes(error.code as ErrorCode)) {
        return { code: 'UNAVAILABLE', body: { detail: error.code } };
      }
      throw error;
    }
  }
}
