/** For specs: two rings, and what Nodes over HTTP ask of rotation, on a real PostgreSQL under the service's own role. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { BusContext, type Bus, type Logger } from '@plexsphere/service-kit';
import { storeOptions } from '@plexsphere/store';
import { subjects } from '@plexsphere/wire';
import type { IssueBusCredential, RegisterNode as RegisterRequest, RegisterNodeReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import type { Revocations } from '../src/bus-account/revocations';
import { byGateway } from '../src/enrolment/by-gateway';
import { EnrolTokens } from '../src/enrolment/enrol-token';
import { EnrolmentController } from '../src/enrolment/enrolment.controller';
import { RegisterNode } from '../src/enrolment/register-node';
import type { Signers } from '../src/leases/signers';
import type { AfterCommit } from '../src/rotations/after-commit';
import { AddNodes } from '../src/nodes/add-nodes';
import { Joining } from '../src/nodes/joining';
import { RemoveNode } from '../src/nodes/remove-node';
import type { RotationConfig } from '../src/rotation-config';
import { CommandTransactions } from '../src/transactions/command-transactions';
import type { RequestIdentity } from '../src/transactions/requests';
import { AskForKeys } from '../src/wireguard-keys/ask-for-keys';
import { PostKey } from '../src/wireguard-keys/post-key';
import type { MigratedDatabase } from './seeded-rings';

export const MESH_DOMAIN = 'domain:cccccccc-cccc-4ccc-8ccc-cccccccccccc';
const OPERATOR = '00000000-0000-4000-8000-00000000000a';

const SEED = `
  INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ('rec', 'A', 'j');
  INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('platform', 3, 3), ('${MESH_DOMAIN}', 2, 2);
  INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, verifies_until) VALUES
    ('platform', 'p1', 'Ed25519', 'P1', 'active', NULL),
    ('${MESH_DOMAIN}', 'k1', 'Ed25519', 'K1', 'retiring', now() + interval '1 h'),
    ('${MESH_DOMAIN}', 'k2', 'Ed25519', 'K2', 'active', NULL)`;

const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;

export const wireguardKey = (): string => randomBytes(32).toString('base64');
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

export type Comer = Partial<Omit<RegisterRequest, 'token_hash'>> & { token: string };

export class EnrolmentWorld {
  /** What was told to relays after a commit. */
  readonly told: string[] = [];

  private constructor(
    private readonly test: MigratedDatabase,
    readonly owner: DataSource,
    readonly database: DataSource,
    readonly config: { meshNetwork: string },
  ) {}

  static async create(test: MigratedDatabase): Promise<EnrolmentWorld> {
    const owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
    await owner.query(SEED);
    const database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
    return new EnrolmentWorld(test, owner, database, { meshNetwork: '100.64.0.0/10' });
  }

  async end(): Promise<void> {
    await Promise.all([this.database.destroy(), this.owner.destroy()]);
    await this.test.drop();
  }

  private get transactions(): CommandTransactions {
    return new CommandTransactions(this.database, this.database, logger);
  }

  /** Signers that give a bundle for whatever they are asked. */
  private get joining(): Joining {
    const ask = async (_: string, verb: string, body: object) => ({ bundle: JSON.stringify({ verb, ...body }) });
    return new Joining(this.database, { ask } as unknown as Signers);
  }

  get tokens(): EnrolTokens {
    return new EnrolTokens(this.database, this.transactions, logger);
  }

  get registering(): RegisterNode {
    return new RegisterNode(this.database, this.joining, this.transactions, this.config as RotationConfig, logger);
  }

  /** A credential says whose it is. */
  get addingMany(): AddNodes {
    const askAny = async (_: string, { id, public_key: key }: IssueBusCredential) => ({ jwt: `${id}/${key}` });
    const signers = { askAny } as unknown as Signers;
    return new AddNodes(this.database, this.joining, signers, this.transactions, logger);
  }

  get removing(): RemoveNode {
    const revocations = { push: async () => true } as Revocations;
    // Nobody here is a member of a channel, whose rings would change.
    return new RemoveNode(this.database, this.transactions, revocations, {} as AfterCommit, logger);
  }

  get asking(): AskForKeys {
    return new AskForKeys(this.database, this.transactions, logger);
  }

  get posting(): PostKey {
    const bus = { publish: (subject: string) => this.told.push(subject) } as unknown as Bus;
    return new PostKey(this.database, this.transactions, bus, logger);
  }

  operator(command: RequestIdentity['command'], requestId = randomUUID()): RequestIdentity {
    return { requestId, command, actor: OPERATOR, bodyHash: 'b' };
  }

  /** A token as plexctl draws it. */
  async token(lifeSeconds = 600, scope = MESH_DOMAIN): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await this.tokens.make({ scope, hash: hashOf(token), lifeSeconds }, this.operator('node.enroll-token'));
    return token;
  }

  async register({ token, ...given }: Comer): Promise<RegisterNodeReply> {
    const request: RegisterRequest = {
      ...{ request_id: randomUUID(), token_hash: hashOf(token), bearer_hash: hashOf(randomUUID()) },
      ...{ wireguard_key: wireguardKey(), hostname: 'edge-7' },
      ...given,
    };
    return this.registering.register(request, byGateway('node.register', 'gateway', request));
  }

  /** As the controller has it: no gateway speaks for a Node on the bus. */
  leave(nodeId: string): Promise<unknown> {
    const context = new BusContext([subjects.httpDeregister(nodeId)]);
    const controller = new EnrolmentController(this.database, this.tokens, this.registering, this.removing);
    return controller.deregister({ request_id: randomUUID() }, context);
  }

  post(nodeId: string, key: string): Promise<{ changed: boolean }> {
    return this.posting.post(nodeId, key, byGateway('key.post', nodeId, { request_id: randomUUID() }));
  }
}
