/**
 * For specs: a nats-server whose relay user has exactly the relay's permissions, one whose credential an earlier version made, one
 * who may do everything, and Nodes who are let in by whatever credential they have.
 */
import { busPermissions, inboxPrefix, subjects } from '@plexsphere/wire';
import { connect, type NatsConnection } from 'nats';

const RELAY = { kind: 'outbox-relay' } as const;
const PASSWORD = 'for-specs';

/** The part of the server's configuration that says who may do what. */
export const busUsers = (): string => {
  const { publish, subscribe } = busPermissions(RELAY);
  const permissions = JSON.stringify({ publish, subscribe });
  const before = publish.filter((subject) => subject !== subjects.scopeSigner('*', 'sign-batch'));
  const permissionsBefore = JSON.stringify({ publish: before, subscribe });
  return `no_auth_user: node
authorization { users: [
    { user: node, password: ${PASSWORD} }
    { user: relay, password: ${PASSWORD}, permissions: ${permissions} }
    { user: relay-before, password: ${PASSWORD}, permissions: ${permissionsBefore} }
    { user: everything, password: ${PASSWORD} }
  ] }\n`;
};

export class TestBus {
  private readonly connections: NatsConnection[] = [];

  /** `url`: of a server with the users of `busUsers`. */
  constructor(private readonly url: string) {}

  /** A connection with the relay's rights, as the service kit makes it. */
  asRelay(): Promise<NatsConnection> {
    return this.connect({ user: 'relay', inboxPrefix: inboxPrefix(RELAY) });
  }

  /** As `asRelay`, by a credential of before signers signed many at once. */
  asRelayBefore(): Promise<NatsConnection> {
    return this.connect({ user: 'relay-before', inboxPrefix: inboxPrefix(RELAY) });
  }

  asEverything(): Promise<NatsConnection> {
    return this.connect({ user: 'everything' });
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
  }

  private async connect(options: { user: string; inboxPrefix?: string }): Promise<NatsConnection> {
    const connection = await connect({
      servers: this.url,
      pass: PASSWORD,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      ...options,
    });
    this.connections.push(connection);
    return connection;
  }
}
