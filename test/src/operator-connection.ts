import { readFile } from 'node:fs/promises';
import { headers, inboxPrefix, subjects, type Command, type Role, createBusKey, credsText } from '@plexsphere/wire';
import { connect, credsAuthenticator, type Msg, type NatsConnection } from 'nats';
import type { World } from './world';

export interface Answer {
  /** Empty where it is no problem. */
  code: string;
  body: Record<string, unknown>;
}

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
      authenticator: credsAuthenticator(new TextEncoder().encode(credential)),
      inboxPrefix: inboxPrefix({ kind: 'operator', id: operator }),
      // The server hangs up on whoever takes two seconds to answer it, and nats.js waits on: a busy machine dials again.
      waitOnFirstConnect: true,
      timeout: 5_000,
    });
    world.afterwards(() => connection.close());
    return new OperatorConnection(connection, operator);
  }

  /** Another operator, of whom the admin has just made a token. */
  async makeColleague(world: World, name: string, may: { role: Role; scopes?: string[] }): Promise<OperatorConnection> {
    const key = createBusKey('user');
    const made = await this.ask('token.create', {
      ...{ name, ...may, bus_public_key: key.publicKey, bearer_hash: '0'.repeat(64) },
    });
    const { id, bus_jwt: jwt } = made.body as { id: string; bus_jwt: string };
    return OperatorConnection.dial(world, id, credsText(jwt, key.seed));
  }

  async ask(command: Command, body: object): Promise<Answer> {
    const reply = await this.send(command, JSON.stringify(body));
    return { code: reply.headers?.get(headers.errorCode) ?? '', body: reply.json() };
  }

  send(command: Command, text: string): Promise<Msg> {
    return this.connection.request(subjects.command(this.operator, command), text, { timeout: 29_000 });
  }
}
