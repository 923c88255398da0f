import { createHash, randomBytes } from 'node:crypto';
import { authenticatorOf } from '@plexsphere/testkit';
import {
  createBusKey,
  credentialFile,
  credsText,
  enrolledNodeId,
  headers,
  inboxPrefix,
  subjects,
  type BusKey,
  type NodeKeyVerb,
} from '@plexsphere/wire';
import type { EnrollNodeReply, NodeKeyReply } from '@plexsphere/wire/commands';
import {
  nodeKeyOf,
  readNodeToken,
  signKeyChange,
  signProof,
  type NodeKey,
  type ProofClaims,
} from '@plexsphere/wire/jws';
import { connect, type NatsConnection } from 'nats';
import { admin, askAs, bootstrapFile, dial } from '../../suites/permissions/hands';
import type { World } from '../../src/world';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const keyOf = ({ seed }: BusKey): NodeKey => {
  const key = nodeKeyOf(seed);
  if (key === undefined) throw new Error('a seed that was just made is none');
  return key;
};

export interface Answer {
  code: string;
  body: Record<string, unknown>;
}

/** A host with a key of its own, whose gateway is this test: nothing between it and rotation looks at what it says. */
export class Host {
  generation = 0;

  constructor(
    private readonly world: World,
    readonly id: string,
    public key: BusKey,
    public token: string,
  ) {}

  private get said() {
    const { account } = readNodeToken(this.token);
    return { aud: account, exp: Math.floor(Date.now() / 1_000) + 60, node_id: this.id };
  }

  ask(failed: { run: string; reason: string } | null = null): Promise<Answer> {
    return this.proves('key', signProof('ask', { ...this.said, failed }, keyOf(this.key)));
  }

  change(next: BusKey): Promise<string> {
    return signKeyChange({ ...this.said, generation: this.generation }, { old: keyOf(this.key), new: keyOf(next) });
  }

  confirm(): Promise<Answer> {
    const claims = { ...this.said, generation: this.generation, token_hash: sha256(this.token) };
    return this.proves('confirm', signProof('key-confirm', claims, keyOf(this.key)));
  }

  renew({ replace }: Pick<ProofClaims['token'], 'replace'>): Promise<Answer> {
    const claims = { ...this.said, generation: this.generation, token_hash: sha256(this.token), replace };
    return this.proves('token', signProof('token', claims, keyOf(this.key)));
  }

  hold(answer: Answer, key = this.key): void {
    expect(answer.code).toBe('OK');
    const { generation, token } = answer.body as unknown as NodeKeyReply;
    [this.key, this.generation, this.token] = [key, generation, token];
  }

  async proves(verb: NodeKeyVerb, proof: Promise<string> | string): Promise<Answer> {
    return asGateway(this.world, subjects.httpNodeKey(this.id, verb), { proof: await proof });
  }

  dial(): Promise<NatsConnection> {
    return dial(this.world, credsText(this.token, this.key.seed), { kind: 'node', id: this.id });
  }
}

export async function asGateway(world: World, subject: string, body: object): Promise<Answer> {
  const bus = await connect({
    servers: world.stack.natsUrl,
    authenticator: authenticatorOf(await bootstrapFile(world, credentialFile('gateway'))),
    inboxPrefix: inboxPrefix({ kind: 'gateway' }),
  });
  try {
    const reply = await bus.request(subject, JSON.stringify(body), { timeout: 15_000 });
    return { code: reply.headers?.get(headers.errorCode) || 'OK', body: reply.json() };
  } finally {
    await bus.close();
  }
}

export async function enroll(world: World, name: string): Promise<Host> {
  const token = randomBytes(32).toString('base64url');
  const made = await askAs(world, await admin(world), 'node.enroll-token', {
    scope: world.domain,
    token_hash: sha256(token),
  });
  expect(made.code).toBe('OK');
  const key = createBusKey('user');
  const claims = { aud: sha256(token), exp: Math.floor(Date.now() / 1_000) + 60, name };
  const answer = await asGateway(world, subjects.httpNodeKey(enrolledNodeId(sha256(token), key.publicKey), 'enroll'), {
    token_hash: sha256(token),
    proof: await signProof('enroll', claims, keyOf(key)),
  });
  expect(answer).toMatchObject({ code: 'OK', body: { name, scope: world.domain, bundle: expect.any(String) } });
  const reply = answer.body as unknown as EnrollNodeReply;
  const host = new Host(world, reply.node_id, key, reply.token);
  host.hold(answer);
  return host;
}

export const remember = (world: World, host: Host): void => void world.kept.set('host', host);
export const theHost = (world: World): Host => world.kept.get('host') as Host;

export const refused = { code: 'AUTHORIZATION_VIOLATION' };

/** By the bus' own word; how many seconds it took. */
export async function cutWithin(connection: NatsConnection, seconds: number): Promise<number> {
  const since = performance.now();
  await connection.closed();
  const took = (performance.now() - since) / 1_000;
  expect(took).toBeLessThan(seconds);
  return took;
}
