import { createHash, randomBytes } from 'node:crypto';
import { credentialFile, enrolledNodeId, headers, subjects, createBusKey, type NodeKeyVerb } from '@plexsphere/wire';
import type { EnrollNodeReply, EnrollTokenReply, NodeKeyReply, NodeKeyView } from '@plexsphere/wire/commands';
import {
  nodeKeyOf,
  PROOF_LIFE_S,
  readNodeToken,
  signKeyChange,
  signProof,
  type NodeKey,
  type ProofClaims,
} from '@plexsphere/wire/jws';
import type { NatsConnection } from 'nats';
import { bootstrapFile, dial } from '../../suites/permissions/hands';
import type { World } from '../../src/world';

export interface Answer {
  /** Empty where it is no problem. */
  code: string;
  body: Record<string, unknown>;
}

/** As a gateway carries what Nodes say of their keys, without its door: what is tried is how many of them there are. */
export const dialAsGateway = async (world: World): Promise<NatsConnection> =>
  dial(world, await bootstrapFile(world, credentialFile('gateway')), { kind: 'gateway' });

interface Holding {
  key: NodeKey;
  seed: string;
  token: string;
  generation: number;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const exp = (): number => Math.floor(Date.now() / 1_000) + PROOF_LIFE_S;

function newKey(): { key: NodeKey; seed: string } {
  const { seed } = createBusKey('user');
  return { key: nodeKeyOf(seed)!, seed };
}

/** A Node with a key of its own, played: it holds what it was answered last. */
export class PlayedAgent {
  private constructor(
    private readonly gateway: NatsConnection,
    readonly id: string,
    readonly name: string,
    public holding: Holding,
  ) {}

  static async enroll(world: World, gateway: NatsConnection, name: string): Promise<PlayedAgent> {
    const token_hash = sha256(randomBytes(32).toString('base64url'));
    const operator = await world.operator();
    await operator.change<EnrollTokenReply>('node.enroll-token', { scope: world.domain, token_hash });
    const { key, seed } = newKey();
    const proof = await signProof('enroll', { aud: token_hash, exp: exp(), name }, key);
    const id = enrolledNodeId(token_hash, key.keyId);
    const answer = await said(gateway, id, 'enroll', { proof, token_hash });
    const { token, generation } = granted<EnrollNodeReply>(answer);
    return new PlayedAgent(gateway, id, name, { key, seed, token, generation });
  }

  private get claims(): { aud: string; exp: number; node_id: string; generation: number } {
    const { token, generation } = this.holding;
    return { aud: readNodeToken(token).account, exp: exp(), node_id: this.id, generation };
  }

  /** Asks for another key, and takes it where it gets it. */
  async change(): Promise<Answer> {
    const { key, seed } = newKey();
    const proof = await signKeyChange(this.claims, { old: this.holding.key, new: key });
    const answer = await this.say('key', proof);
    if (answer.code === '') {
      const { token, generation } = answer.body as unknown as NodeKeyReply;
      this.holding = { key, seed, token, generation };
    }
    return answer;
  }

  confirm(): Promise<Answer> {
    return this.prove('confirm', 'key-confirm', { ...this.claims, token_hash: sha256(this.holding.token) });
  }

  /** Without holding what it gets. */
  askToken(replace: boolean): Promise<Answer> {
    return this.prove('token', 'token', { ...this.claims, token_hash: sha256(this.holding.token), replace });
  }

  async view(): Promise<NodeKeyView> {
    const { aud, exp: end, node_id } = this.claims;
    return granted(await this.prove('key', 'ask', { aud, exp: end, node_id, failed: null }));
  }

  private async prove<Kind extends 'ask' | 'key-confirm' | 'token'>(
    verb: NodeKeyVerb,
    kind: Kind,
    claims: ProofClaims[Kind],
  ): Promise<Answer> {
    return this.say(verb, await signProof(kind, claims, this.holding.key));
  }

  private say(verb: NodeKeyVerb, proof: string): Promise<Answer> {
    return said(this.gateway, this.id, verb, { proof });
  }
}

async function said(gateway: NatsConnection, id: string, verb: NodeKeyVerb, body: object): Promise<Answer> {
  const reply = await gateway.request(subjects.httpNodeKey(id, verb), JSON.stringify(body), { timeout: 30_000 });
  return { code: reply.headers?.get(headers.errorCode) ?? '', body: reply.json() };
}

/** @throws Error where it was refused */
export function granted<Reply>({ code, body }: Answer): Reply {
  if (code !== '') throw new Error(`refused: ${code} ${JSON.stringify(body)}`);
  return body as Reply;
}
