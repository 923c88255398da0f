/**
 * The platform as a Node with a key of its own sees it, in one process: what it decides and remembers is rotation's, without a
 * database. For specs only; that rotation does the same is shown where both run.
 */
import { createHash, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createBusKey,
  credsText,
  decodeBusSeed,
  enrolledNodeId,
  headers,
  privateKeyFromSeed,
  problem,
  Problem,
  problemDetails,
  type BusKey,
} from '@plexsphere/wire';
import { PROOF_LIFE_S, readProof, type ProofKind, type ReadProof } from '@plexsphere/wire/jws';
import { tokenHash } from '../src/folder/creds';

/** A Node's key, as the platform has it. */
export interface PlayedKey {
  generation: number;
  publicKey: string;
  state: 'active' | 'retiring' | 'retired';
  requestHash: string;
  token: string;
  issuedAt: number;
  formerHash: string | undefined;
}

/** `answered`: after it was done. Whoever is told to hang up gets no answer. */
export type Moment = (verb: string, when: 'asked' | 'done') => 'hang up' | undefined | void;

const TOKEN_LIFE_S = 3_600;

export class PlayedPlatform {
  readonly keys: PlayedKey[] = [];
  readonly asked: string[] = [];
  readonly enrolmentTokens = new Set<string>();
  nodeId = '';
  /** How far this clock is ahead of everybody's. */
  aheadMs = 0;
  tokenLifeS = TOKEN_LIFE_S;
  due: string | null = null;
  failed: { run: string; reason: string } | null = null;
  isRevoked = false;
  isListFull = false;
  moment: Moment = () => undefined;
  private readonly account = createBusKey('account');
  private readonly server: Server;

  private constructor(private readonly mesh: { scope: string; bundle: string; servers: string[] }) {
    this.server = createServer((request, response) => {
      this.answer(request).then(
        ([status, body]) => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        },
        () => request.socket.destroy(),
      );
    });
  }

  static async start(mesh: { scope: string; bundle: string; servers: string[] }): Promise<PlayedPlatform> {
    const platform = new PlayedPlatform(mesh);
    await new Promise<void>((resolve) => platform.server.listen(0, '127.0.0.1', resolve));
    return platform;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get active(): PlayedKey {
    const active = this.keys.find(({ state }) => state === 'active');
    if (active === undefined) throw new Error('no Node key');
    return active;
  }

  /** As `node add` does: the text of the `.creds` file that the operator hands over. */
  addNode(): string {
    const { publicKey, seed } = createBusKey('user');
    this.nodeId = enrolledNodeId('added', publicKey);
    const { token } = this.add(0, publicKey, '');
    return credsText(token, seed);
  }

  /** Whoever had the Node's key has changed it for one of their own, and confirmed that. */
  replacedByAThief(): void {
    const { active } = this;
    active.state = 'retired';
    this.add(active.generation + 1, createBusKey('user').publicKey, 'of another request');
  }

  /** For the Node's present key, by another account than the mesh's. */
  tokenBy(account: BusKey): string {
    return this.issue(this.active.publicKey, this.active.issuedAt, account).token;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private get now(): Date {
    return new Date(Date.now() + this.aheadMs);
  }

  private async answer(request: IncomingMessage): Promise<[number, object]> {
    const { proof, token } = await said(request);
    const verb = `${request.method} ${request.url?.split('/').slice(4).join('/')}`;
    this.asked.push(verb);
    this.hangUp(verb, 'asked');
    try {
      const body = verb === 'POST ' ? this.enroll(proof, token) : this.answerTo(verb, proof);
      this.hangUp(verb, 'done');
      return [200, { ...body, now: this.now.toISOString() }];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const details = problemDetails(error);
      return [details.status, details];
    }
  }

  private hangUp(verb: string, when: 'asked' | 'done'): void {
    if (this.moment(verb, when) === 'hang up') throw new Error('hung up');
  }

  private answerTo(verb: string, proof: string): object {
    switch (verb) {
      case 'GET key': {
        const { claims } = this.fresh(['ask'], proof);
        this.failed = claims.failed;
        const { generation, publicKey } = this.active;
        const due = this.due === null ? null : { run: this.due, expires_at: this.now.toISOString() };
        return { node_id: this.nodeId, generation, public_key: publicKey, due, contested_since: null };
      }
      case 'POST key':
        return this.change(proof);
      case 'POST key/confirm': {
        const { claims } = this.fresh(['key-confirm'], proof);
        if (claims.token_hash !== tokenHash(this.active.token)) throw problem('tokenMismatch');
        for (const key of this.keys) if (key.state === 'retiring') key.state = 'retired';
        this.active.formerHash = undefined;
        if (this.due !== null) this.due = null;
        return { node_id: this.nodeId, generation: this.active.generation };
      }
      case 'POST token': {
        const { claims } = this.fresh(['token'], proof);
        const { active } = this;
        if (claims.token_hash === active.formerHash) return this.reply(active);
        if (claims.token_hash !== tokenHash(active.token)) throw problem('tokenMismatch');
        active.formerHash = claims.token_hash;
        Object.assign(active, this.issue(active.publicKey, active.issuedAt));
        return this.reply(active);
      }
      case 'POST logout':
        this.fresh(['logout'], proof);
        this.isRevoked = true;
        return { node_id: this.nodeId, removed_at: this.now.toISOString() };
      default:
        throw problem('unknownRoute');
    }
  }

  private enroll(proof: string, token: string): object {
    const { claims, publicKey, hash } = readProof(['enroll'], proof);
    const enrolled = createHash('sha256').update(token).digest('hex');
    if (claims.aud !== enrolled) throw problem('wrongAudience');
    this.requireFresh(claims.exp);
    const nodeId = enrolledNodeId(enrolled, publicKey);
    if (nodeId !== this.nodeId || this.keys.length === 0) {
      if (!this.enrolmentTokens.delete(token)) throw problem('enrolTokenOver');
      this.nodeId = nodeId;
      this.isRevoked = false;
      this.keys.splice(0);
      this.add(1, publicKey, hash);
    }
    return { ...this.reply(this.active), ...this.mesh, name: claims.name, gateways: [this.url] };
  }

  private change(proof: string): object {
    const { claims, hash } = readProof(['key-change'], proof);
    const latest = this.keys.at(-1);
    if (latest?.requestHash === hash) return this.reply(latest);
    this.admit(readProof(['key-change'], proof));
    const { active } = this;
    if (claims.generation !== active.generation) throw problem('generationMismatch');
    if (this.keys.some(({ publicKey }) => publicKey === claims.new_key)) throw problem('nodeKeyInUse');
    if (this.isListFull) throw problem('revocationListFull');
    active.state = 'retiring';
    return this.reply(this.add(claims.generation + 1, claims.new_key, hash));
  }

  private add(generation: number, publicKey: string, requestHash: string): PlayedKey {
    const key: PlayedKey = {
      ...{ generation, publicKey, state: 'active', requestHash },
      ...{ formerHash: undefined, ...this.issue(publicKey, 0) },
    };
    this.keys.push(key);
    return key;
  }

  private fresh<Kind extends ProofKind>(kinds: Kind[], proof: string): ReadProof<Kind> {
    const read = readProof(kinds, proof);
    this.admit(read);
    return read;
  }

  private admit({ claims, publicKey }: { claims: { aud: string; exp: number }; publicKey: string }): void {
    if (claims.aud !== this.account.publicKey) throw problem('wrongAudience');
    this.requireFresh(claims.exp);
    if (this.isRevoked) throw problem('nodeRevoked');
    const key = this.keys.find((each) => each.publicKey === publicKey);
    if (key === undefined) throw problem('notAuthenticated');
    if (key.state === 'retired') throw problem('nodeKeySuperseded');
  }

  private requireFresh(exp: number): void {
    const leftS = exp - this.now.getTime() / 1_000;
    if (leftS <= 0 || leftS > PROOF_LIFE_S + 30) throw problem('proofStale', { now: this.now.toISOString() });
  }

  private issue(publicKey: string, last: number, account = this.account): { token: string; issuedAt: number } {
    const issuedAt = Math.max(Math.floor(this.now.getTime() / 1_000), last + 1);
    const claims = { sub: publicKey, iss: account.publicKey, iat: issuedAt, exp: issuedAt + this.tokenLifeS };
    const encoded = [{ typ: 'JWT', alg: 'ed25519-nkey' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const raw = decodeBusSeed('account', account.seed) ?? Buffer.alloc(0);
    const signature = sign(null, Buffer.from(encoded), privateKeyFromSeed(raw)).toString('base64url');
    return { token: `${encoded}.${signature}`, issuedAt };
  }

  private reply({ generation, publicKey, token, issuedAt }: PlayedKey): object {
    return {
      ...{ node_id: this.nodeId, generation, public_key: publicKey, token },
      token_expires_at: new Date((issuedAt + this.tokenLifeS) * 1_000).toISOString(),
      rotate_after: new Date(this.now.getTime() + 90 * 86_400_000).toISOString(),
    };
  }
}

async function said(request: IncomingMessage): Promise<{ proof: string; token: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const shown = request.headers[headers.proof.toLowerCase()];
  if (chunks.length === 0) return { proof: String(shown), token: '' };
  return JSON.parse(Buffer.concat(chunks).toString()) as { proof: string; token: string };
}
