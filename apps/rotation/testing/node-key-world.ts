/** For specs: what Nodes ask about their keys, on a real PostgreSQL under the service's own role; signers are played. */
import { createHash } from 'node:crypto';
import { BusContext, Health, openHttp, type Logger } from '@plexsphere/service-kit';
import { createBusKey, enrolledNodeId, subjects, type NodeKeyVerb } from '@plexsphere/wire';
import type {
  ConfirmNodeKeyReply,
  EnrollNodeReply,
  IssueBusCredential,
  LogoutReply,
  NodeKeyReply,
  NodeKeyView,
} from '@plexsphere/wire/commands';
import { nodeKeyOf, signKeyChange, signProof, type NodeKey, type ProofClaims } from '@plexsphere/wire/jws';
import type { Signers } from '../src/leases/signers';
import { Admission } from '../src/node-keys/admission';
import { AskKey } from '../src/node-keys/ask-key';
import { ChangeKey } from '../src/node-keys/change-key';
import { ConfirmKey } from '../src/node-keys/confirm-key';
import { EnrollNode } from '../src/node-keys/enroll-node';
import { LogOut } from '../src/node-keys/log-out';
import { NodeKeyController } from '../src/node-keys/node-key.controller';
import { NodeTokens } from '../src/node-keys/node-tokens';
import { RenewToken } from '../src/node-keys/renew-token';
import { RetireKeys } from '../src/node-keys/retire-keys';
import { Joining } from '../src/nodes/joining';
import type { RotationConfig } from '../src/rotation-config';
import { CommandTransactions } from '../src/transactions/command-transactions';
import { EnrolmentWorld, hashOf } from './enrolment-world';
import type { MigratedDatabase } from './seeded-rings';

/** `A`, as the installation of the world has it. */
export const ACCOUNT = 'A';
const DAY_MS = 86_400_000;

export const newKey = (): NodeKey => {
  const key = nodeKeyOf(createBusKey('user').seed);
  if (key === undefined) throw new Error('a key that was just made is none');
  return key;
};

const ISSUER = createBusKey('account').publicKey;
const unsignedToken = ({ public_key: sub, issued_at: iat, expires_at: exp }: IssueBusCredential): string =>
  [{ typ: 'JWT' }, { sub, iss: ISSUER, iat, exp }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.') + '.c2ln';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What an agent holds, and how it asks. */
export class EdgeNode {
  generation = 0;
  token = '';

  constructor(
    private readonly world: NodeKeyWorld,
    readonly id: string,
    public key: NodeKey,
  ) {}

  private common = (life = 60) => ({ aud: ACCOUNT, exp: Math.floor(Date.now() / 1_000) + life, node_id: this.id });

  ask(claims: Partial<ProofClaims['ask']> = {}, key = this.key): Promise<NodeKeyView> {
    return this.send('key', signProof('ask', { ...this.common(), failed: null, ...claims }, key));
  }

  changeProof(next: NodeKey, claims: { generation?: number; exp?: number; aud?: string } = {}): Promise<string> {
    return signKeyChange({ ...this.common(), generation: this.generation, ...claims }, { old: this.key, new: next });
  }

  /** Asks, and holds what was answered: confirming is another step. */
  async change(next = newKey()): Promise<NodeKeyReply> {
    return this.hold(await this.send<NodeKeyReply>('key', this.changeProof(next)), next);
  }

  hold(reply: NodeKeyReply, key = this.key): NodeKeyReply {
    [this.key, this.generation, this.token] = [key, reply.generation, reply.token];
    return reply;
  }

  confirm(claims: Partial<ProofClaims['key-confirm']> = {}): Promise<ConfirmNodeKeyReply> {
    const said = { ...this.common(), generation: this.generation, token_hash: sha256(this.token), ...claims };
    return this.send('confirm', signProof('key-confirm', said, this.key));
  }

  tokenProof(claims: Partial<ProofClaims['token']> = {}): Promise<string> {
    const said = { ...this.common(), generation: this.generation, token_hash: sha256(this.token), replace: false };
    return signProof('token', { ...said, ...claims }, this.key);
  }

  async renew(claims: Partial<ProofClaims['token']> = {}): Promise<NodeKeyReply> {
    return this.hold(await this.send<NodeKeyReply>('token', this.tokenProof(claims)));
  }

  logout(claims: Partial<ProofClaims['logout']> = {}): Promise<LogoutReply> {
    return this.send(
      'logout',
      signProof('logout', { ...this.common(), generation: this.generation, ...claims }, this.key),
    );
  }

  /** As a gateway carries it. */
  async send<Reply>(verb: Exclude<NodeKeyVerb, 'enroll'>, proof: string | Promise<string>): Promise<Reply> {
    const context = new BusContext([subjects.httpNodeKey(this.id, verb)]);
    return this.world.controller[verb]({ proof: await proof }, context) as Promise<Reply>;
  }
}

export class NodeKeyWorld {
  /** What signers were asked to make. */
  readonly issued: IssueBusCredential[] = [];
  /** A token that signers hand out whatever they are asked for. */
  madeInstead: string | undefined;
  readonly warned: { message: string; fields: object }[] = [];
  /** What happens while a signer is asked. */
  meanwhile: () => Promise<unknown> = async () => undefined;
  readonly config = { nodeTokenLifeMs: 7 * DAY_MS, rotateNodeKeysAfterMs: 90 * DAY_MS } as RotationConfig;

  private constructor(readonly enrolment: EnrolmentWorld) {
    this.retiring = new RetireKeys(this.database, this.logger, this.health);
  }

  static async create(test: MigratedDatabase): Promise<NodeKeyWorld> {
    return new NodeKeyWorld(await EnrolmentWorld.create(test));
  }

  end(): Promise<void> {
    return this.enrolment.end();
  }

  get database() {
    return this.enrolment.database;
  }

  rows<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.enrolment.owner.query<Row[]>(sql, values);
  }

  private readonly logger = {
    info: () => undefined,
    warn: (fields: object, message: string) => this.warned.push({ message, fields }),
  } as unknown as Logger;

  /** Whether a token holds is the bus' to say, so that these are signed by nobody. */
  private readonly signers = {
    ask: async (_: string, verb: string, body: object) => ({ bundle: JSON.stringify({ verb, ...body }) }),
    askAny: async (_: string, request: IssueBusCredential) => {
      this.issued.push(request);
      await this.meanwhile();
      return { jwt: this.madeInstead ?? unsignedToken(request) };
    },
  } as unknown as Signers;

  private readonly health = new Health();
  readonly retiring: RetireKeys;

  /** What a look at `/readyz` shows. */
  async readiness(): Promise<string> {
    const http = await openHttp('127.0.0.1:0', this.health.answer);
    try {
      return await (await fetch(`http://${http.address}/readyz`)).text();
    } finally {
      await http.close();
    }
  }

  get controller(): NodeKeyController {
    const { database, logger } = this;
    const admission = new Admission(database, logger);
    const tokens = new NodeTokens(this.signers, this.config);
    const transactions = new CommandTransactions(database, database, logger);
    const { removing } = this.enrolment;
    return new NodeKeyController(
      new EnrollNode(database, new Joining(database, this.signers), tokens, transactions, logger),
      new AskKey(database, admission),
      new ChangeKey(database, admission, tokens, logger),
      new ConfirmKey(database, admission),
      new RenewToken(database, admission, tokens, logger),
      new LogOut(database, admission, removing),
      removing,
    );
  }

  /** As a gateway carries it. `claims` as whoever attacks would have them. */
  async enroll(
    enrolToken: string,
    key: NodeKey,
    claims: Partial<ProofClaims['enroll']> = {},
    nodeId = enrolledNodeId(hashOf(enrolToken), key.keyId),
  ): Promise<EnrollNodeReply> {
    const said = { aud: hashOf(enrolToken), exp: Math.floor(Date.now() / 1_000) + 60, name: 'edge-7', ...claims };
    const request = { token_hash: hashOf(enrolToken), proof: await signProof('enroll', said, key) };
    return this.controller.enroll(request, new BusContext([subjects.httpNodeKey(nodeId, 'enroll')]));
  }

  /** One that has come in, by its key. */
  async node(name = 'edge-7'): Promise<EdgeNode> {
    const key = newKey();
    const reply = await this.enroll(await this.enrolment.token(), key, { name });
    const node = new EdgeNode(this, reply.node_id, key);
    node.hold(reply);
    return node;
  }

  /** What the bus is to refuse: from how many seconds from now on, up to which second, and until when. */
  async revoked(publicKey: string): Promise<RevokedRow[]> {
    return this.rows<RevokedRow>(
      `SELECT kind, urgent, extract(epoch FROM revoked_at)::float8 AS at, expires_at AS "expiresAt",
              round(extract(epoch FROM due_at - clock_timestamp()))::int AS "dueIn"
         FROM ring.bus_revocation WHERE public_key = $1 ORDER BY revoked_at`,
      [publicKey],
    );
  }

  /** The states of its keys, the first one first. */
  async states(nodeId: string): Promise<string[]> {
    const rows = await this.rows<{ said: string }>(
      `SELECT generation || ' ' || state AS said FROM ring.node_key WHERE node_id = $1 ORDER BY generation`,
      [nodeId],
    );
    return rows.map(({ said }) => said);
  }

  /** As if so long had passed since its keys changed. */
  async later(nodeId: string, seconds: number): Promise<void> {
    const back = `- ${seconds} * interval '1 s'`;
    await this.rows(
      `UPDATE ring.node_key SET created_at = created_at ${back}, confirmed_at = confirmed_at ${back},
              retiring_until = retiring_until ${back}, former_until = former_until ${back} WHERE node_id = $1`,
      [nodeId],
    );
  }
}

interface RevokedRow {
  kind: string;
  urgent: boolean;
  at: number;
  expiresAt: Date | null;
  dueIn: number;
}
