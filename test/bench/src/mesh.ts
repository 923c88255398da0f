/**
 * A mesh of any size: one Node is really enrolled, and all others are written by SQL as copies of what that left behind, so
 * that whatever enrolling writes, they have it too.
 */
import { randomUUID } from 'node:crypto';
import { createBusKey, credsText, subjects, type Scope } from '@plexsphere/wire';
import type { AddNodeReply, BusJwtReply } from '@plexsphere/wire/commands';
import type { NatsConnection } from 'nats';
import { Pool } from 'pg';
import type { OperatorConnection } from '../../src/operator-connection';
import type { World } from '../../src/world';
import { busAs } from './bus-load';

interface NewNode {
  id: string;
  name: string;
  publicKey: string;
}

/** What a Node starts with, as text: of its enrolment file. */
export interface LiveEnrolment {
  nodeId: string;
  text: string;
}

const AT_A_TIME = 20_000;
const CREDENTIALS_AT_A_TIME = 64;
/** An nkey's letters and length; nobody has the other half. */
const NOBODYS_KEY = (id: string): string => `U${id.replaceAll('-', '').toUpperCase().padEnd(55, 'A')}`;

export class Mesh {
  private template: (AddNodeReply & { scope: Scope }) | undefined;
  private names = 0;
  private keys = 1;

  private constructor(
    readonly world: World,
    readonly operator: OperatorConnection,
    /** As the database's owner. */
    readonly pool: Pool,
    readonly scope: Scope,
  ) {}

  /** A Domain of its own, still without Nodes. */
  static async begin(world: World): Promise<Mesh> {
    const operator = await world.operator();
    const pool = new Pool({ connectionString: world.stack.databaseUrl('owner'), max: 4 });
    pool.on('error', () => undefined);
    world.afterwards(() => pool.end());
    return new Mesh(world, operator, pool, await createDomain(operator));
  }

  /** Another Domain of the same stack. */
  async another(): Promise<Mesh> {
    return new Mesh(this.world, this.operator, this.pool, await createDomain(this.operator));
  }

  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(sql, parameters)).rows as Row[];
  }

  /** Nodes that were enrolled and never came. */
  async addAbsent(count: number): Promise<void> {
    for (let left = count; left > 0; left -= AT_A_TIME) {
      const made = Array.from({ length: Math.min(left, AT_A_TIME) }, () => {
        const id = randomUUID();
        return { id, name: this.nextName(), publicKey: NOBODYS_KEY(id) };
      });
      await this.insert(made);
    }
    // As autovacuum does within a minute.
    await this.pool.query('VACUUM (ANALYZE) ring.node, ring.bus_user, outbox.node_stream');
  }

  /** Nodes with credentials that the bus lets in, by keys of their own. */
  async addLive(count: number): Promise<LiveEnrolment[]> {
    const { bundle } = await this.templateNode();
    const signer = await busAs(this.world, 'rotation');
    const made = Array.from({ length: count }, () => ({
      id: randomUUID(),
      name: this.nextName(),
      key: createBusKey('user'),
    }));
    await this.insert(made.map(({ id, name, key: { publicKey } }) => ({ id, name, publicKey })));
    const enrolments: LiveEnrolment[] = [];
    for (let from = 0; from < made.length; from += CREDENTIALS_AT_A_TIME) {
      const some = made.slice(from, from + CREDENTIALS_AT_A_TIME);
      enrolments.push(
        ...(await Promise.all(
          some.map(async ({ id, name, key }) => {
            const jwt = await issue(signer, { id, name, publicKey: key.publicKey });
            const credential = { servers: [this.world.stack.signerEndpoint], bus_credential: credsText(jwt, key.seed) };
            return {
              nodeId: id,
              text: JSON.stringify({ node_id: id, scope: this.scope, name, bundle, ...credential }),
            };
          }),
        )),
      );
    }
    await signer.close();
    return enrolments;
  }

  /** All Nodes of the whole installation, and all that was said to them: for the next round to begin with none. */
  async forgetAll(): Promise<void> {
    await this.pool.query('TRUNCATE ring.node, outbox.event, outbox.key_message CASCADE');
    this.template = undefined;
  }

  /** Opens a rotation to a key of its own; resolves as the command does. */
  async rotate(): Promise<void> {
    await this.operator.change('signing.rotate', { scope: this.scope, new_key_id: `key-${(this.keys += 1)}` });
  }

  async close(): Promise<void> {
    const [before, after] = [this.keys - 1, this.keys];
    const body = { scope: this.scope, old_key_id: `key-${before}`, new_key_id: `key-${after}`, force: true };
    await this.operator.change('signing.close', body);
  }

  async revoke(): Promise<{ revoked: string; instead: string }> {
    const revoked = `key-${this.keys}`;
    const instead = `key-${(this.keys += 1)}`;
    const body = { scope: this.scope, key_id: revoked, new_key_id: instead, reason: 'a benchmark' };
    await this.operator.change('signing.revoke', body);
    return { revoked, instead };
  }

  private async templateNode(): Promise<AddNodeReply> {
    if (this.template !== undefined) return this.template;
    const { publicKey } = createBusKey('user');
    const body = { scope: this.scope, name: this.nextName(), bus_public_key: publicKey };
    const reply = await this.operator.change<AddNodeReply>('node.add', body);
    return (this.template = { ...reply, scope: this.scope });
  }

  private async insert(nodes: readonly NewNode[]): Promise<void> {
    const { node_id: template } = await this.templateNode();
    const own = { id: 'fresh.id', name: 'fresh.name', bus_public_key: 'fresh.public_key' };
    const [node, stream] = await Promise.all([
      this.copied('ring.node', own),
      this.copied('outbox.node_stream', { node_id: 'fresh.id' }),
    ]);
    await this.pool.query(
      `WITH fresh AS MATERIALIZED (
         SELECT * FROM unnest($2::uuid[], $3::text[], $4::text[]) AS fresh (id, name, public_key)
       ),
       taken AS (INSERT INTO ring.bus_user (public_key) SELECT public_key FROM fresh),
       enrolled AS (
         INSERT INTO ring.node (${node.names}) SELECT ${node.values} FROM fresh, ring.node t WHERE t.id = $1
       )
       INSERT INTO outbox.node_stream (${stream.names})
       SELECT ${stream.values} FROM fresh, outbox.node_stream t WHERE t.node_id = $1`,
      [template, nodes.map(({ id }) => id), nodes.map(({ name }) => name), nodes.map(({ publicKey }) => publicKey)],
    );
  }

  /** All columns of a table that are not made by itself: its own where one is given, else the template's. */
  private async copied(
    table: string,
    own: Readonly<Record<string, string>>,
  ): Promise<{ names: string; values: string }> {
    const columns = await this.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''`,
      [table],
    );
    const names = columns.map(({ name }) => name);
    return {
      names: names.map((name) => `"${name}"`).join(', '),
      values: names.map((name) => own[name] ?? `t."${name}"`).join(', '),
    };
  }

  private nextName(): string {
    return `node-${(this.names += 1)}`;
  }
}

async function createDomain(operator: OperatorConnection): Promise<Scope> {
  const id = randomUUID();
  await operator.change('domain.create', { id, key_id: 'key-1' });
  return `domain:${id}`;
}

/** As rotation asks for it when a Node is added. */
async function issue(bus: NatsConnection, { id, name, publicKey }: NewNode): Promise<string> {
  const request = JSON.stringify({ kind: 'node', id, name, public_key: publicKey });
  const reply = await bus.request(subjects.anySigner('issue-bus-credential'), request, { timeout: 30_000 });
  return reply.json<BusJwtReply>().jwt;
}
