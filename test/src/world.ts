import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Stack,
  eventually,
  localFolder,
  plexctlJson,
  runPlexctl,
  type Ran,
  type StackOptions,
} from '@plexsphere/stack';
import { registerNode } from '@plexsphere/node-sdk';
import { createBusKey, credsText } from '@plexsphere/wire';
import type { AddNodeReply, JwksReply } from '@plexsphere/wire/commands';
import { Client } from 'pg';
import { OperatorConnection } from './operator-connection';
import { COMPILED, STACK_TO_COPY } from './stack-to-copy';
import { SuiteNode } from './suite-node';

/**
 * Real processes for one story, or for several that break nothing, one after the other; where nothing else is said, on a
 * copy of a stack that was brought up once for all of them: their keys and credentials are the same, and nothing else.
 */
export class Ground {
  private constructor(
    readonly stack: Stack,
    readonly dir: string,
  ) {}

  static async prepare(options: Omit<StackOptions, 'dir'>): Promise<Ground> {
    await mkdir(localFolder, { recursive: true, mode: 0o700 });
    const dir = await mkdtemp(join(localFolder, 'suite-'));
    const stack = await Stack.create({
      durable: false,
      temporary: true,
      gateways: 0,
      sourceMaps: false,
      copyOf: process.env[STACK_TO_COPY],
      compiled: process.env[COMPILED],
      ...options,
      dir: join(dir, 'stack'),
    });
    const ground = new Ground(stack, dir);
    try {
      await stack.start();
    } catch (error) {
      await ground.remove();
      throw error;
    }
    return ground;
  }

  /** Removes everything, logs too: a suite that failed has printed what matters. */
  async remove(): Promise<void> {
    await this.stack.remove();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** What the steps of one story share: a Domain's name, an operator's hands, Nodes, and a look into the database. */
export class World {
  readonly domainId = randomUUID();
  readonly nodes: SuiteNode[] = [];
  /** What a step leaves for later ones. */
  readonly kept = new Map<string, unknown>();

  private readonly endings: (() => Promise<void>)[] = [];
  private dialled: Promise<OperatorConnection> | undefined;

  private constructor(
    readonly stack: Stack,
    private readonly dir: string,
  ) {}

  static async on({ stack, dir }: Ground): Promise<World> {
    return new World(stack, await mkdtemp(join(dir, 'story-')));
  }

  get domain(): string {
    return `domain:${this.domainId}`;
  }

  /** Ends what the story began; the stack is its ground's. */
  async end(): Promise<void> {
    await Promise.all(this.endings.map((end) => end()));
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** Something that a step has begun and that must not outlive the story, however it goes. */
  afterwards(end: () => Promise<void>): void {
    this.endings.push(end);
  }

  plexctl(args: string[], input?: string, env: Record<string, string> = {}): Promise<Ran> {
    return runPlexctl(args, { ...this.stack.env, ...env }, input);
  }

  /** A command that has to succeed, as JSON. */
  json<Reply>(args: string[], input?: string): Promise<Reply> {
    return plexctlJson(args, this.stack.env, input);
  }

  /** The admin's own connection, for what is asked again and again: a plexctl is a process each time. */
  operator(): Promise<OperatorConnection> {
    return (this.dialled ??= OperatorConnection.open(this));
  }

  async kids(scope: string): Promise<string[]> {
    const { keys } = await (await this.operator()).look<JwksReply>('signing.jwks', { scope });
    return keys.map(({ kid }) => kid);
  }

  /** Enrols a Node, by the bus and not by a process. It does not run before `start`. */
  async addNode(scope: string, name: string): Promise<SuiteNode> {
    const [node] = await this.addNodes(await this.operator(), scope, [name]);
    return node!;
  }

  /** Registers a Node with the SDK at the gateways. It does not run before `start`. */
  async addHttpNode(scope: string, name: string): Promise<SuiteNode> {
    const { token } = await this.json<{ token: string }>(['node', 'enroll-token', '--scope', scope]);
    const wireguardKey = randomBytes(32).toString('base64');
    const text = await registerNode({ gateways: this.gatewayUrls, token, hostname: name, wireguardKey });
    const enrolment = join(this.dir, `${name}.node.json`);
    await writeFile(enrolment, text, { mode: 0o600 });
    const node = new SuiteNode(name, enrolment, join(this.dir, `${name}.store`));
    this.nodes.push(node);
    return node;
  }

  get gatewayUrls(): string[] {
    return this.stack.services('gateway').flatMap(({ name }) => this.stack.gatewayUrl(name) ?? []);
  }

  /** The same, of many at once. */
  async addNodes(operator: OperatorConnection, scope: string, names: string[]): Promise<SuiteNode[]> {
    const added = await Promise.all(
      names.map(async (name) => {
        const { publicKey, seed } = createBusKey('user');
        const enrolled = await operator.change<AddNodeReply>('node.add', { scope, name, bus_public_key: publicKey });
        const { node_id, bundle, bus_jwt } = enrolled;
        const credential = { servers: [this.stack.signerEndpoint], bus_credential: credsText(bus_jwt, seed) };
        const enrolment = join(this.dir, `${name}.node.json`);
        await writeFile(enrolment, JSON.stringify({ node_id, scope, name, bundle, ...credential }), { mode: 0o600 });
        return new SuiteNode(name, enrolment, join(this.dir, `${name}.store`));
      }),
    );
    this.nodes.push(...added);
    return added;
  }

  /** `domain create` returns when one signer serves the scope; a story that stops one needs it to hold a lease. */
  async allSignersServe(scope: string): Promise<void> {
    const holders = async (): Promise<number> =>
      (await this.query(`SELECT FROM ring.lease WHERE kind = 'signer' AND epochs ? $1`, [scope])).length;
    const signers = this.stack.services('signer').length;
    await eventually(async () => (await holders()) === signers, { describe: `every signer serving ${scope}` });
  }

  /** As the database's owner. */
  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.stack.databaseUrl('owner') });
    await client.connect();
    try {
      return (await client.query(sql, parameters)).rows as Row[];
    } finally {
      await client.end();
    }
  }
}
