import {
  ALGORITHMS,
  MESH_ALGORITHM,
  PLATFORM,
  problem,
  publicText,
  type AlgorithmName,
  type PrivateKey,
  type RingView,
  type Scope,
} from '@plexsphere/wire';
import type {
  GenerateKey,
  GenerateKeyReply,
  LoadKey,
  MakeStatement,
  MakeStatementReply,
  PrepareStatement,
  PrepareStatementReply,
  StatementRequest,
} from '@plexsphere/wire/commands';
import {
  isByPlatform,
  keyHash,
  signStatement,
  statedAlgorithm,
  statementHash,
  statementSignature,
  type SigningKey,
  type Statement,
} from '@plexsphere/wire/jws';
import { newKeyPair, privateKeyOf } from '@plexsphere/testkit';
import { loadSecret, madeSecret } from './played-secrets';
import { policyOf } from '../src/rings/read-ring';

const INTRODUCES = ['rotate', 'stage'];
const COMMITS_ANEW = [...INTRODUCES, 'create', 'revoke', 'recommit'];

/** Real keys and statements, made as signers make them, for rings as `viewOf` has them; in memory, without leases. */
export class PlayedStatements {
  /** Of all scopes. The same name is the same key, unless it is one that was made ahead. */
  private readonly keys = new Map<string, PrivateKey>();
  private readonly ahead = new Map<string, PrivateKey>();
  /** Key ids whose private halves do not open. */
  readonly unloadable = new Set<string>();
  /** Hashes of keys ahead that do not open. */
  readonly lost = new Set<string>();
  /** What a signer would say instead of what is right. */
  lies: Partial<Statement> = {};

  constructor(private readonly viewOf: (scope: Scope) => Promise<RingView | undefined>) {}

  key(scope: Scope, keyId: string): SigningKey {
    return { keyId, privateKey: this.keys.get(`${scope} ${keyId}`) ?? privateKeyOf(`${scope} ${keyId}`) };
  }

  makeAhead(): string {
    const { privateKey } = newKeyPair();
    const hash = keyHash(publicText(privateKey));
    this.ahead.set(hash, privateKey);
    return hash;
  }

  async generate(request: GenerateKey): Promise<GenerateKeyReply> {
    const { scope, type, new_key_id: keyId } = request;
    const { own, authority } = await this.ringsBefore(request);
    if (request.algorithm === 'HS256') return madeSecret(scope, keyId);
    if (INTRODUCES.includes(type) && policyOf(scope).commitsAhead) {
      const hash = own?.next ?? '';
      const introduced = this.lost.has(hash) ? undefined : this.ahead.get(hash);
      if (introduced === undefined) throw problem('nextKeyUnavailable');
      this.keys.set(`${scope} ${keyId}`, introduced);
    } else await this.keep(scope, keyId, request.algorithm);
    const comesIn = this.key(scope, keyId);
    return { public_key: publicText(comesIn.privateKey), ...(await this.signed(request, own, authority, comesIn)) };
  }

  /** Of Ed25519 the key that every spec knows by its name; of another algorithm one that is made now. */
  private async keep(scope: Scope, keyId: string, algorithm: AlgorithmName): Promise<void> {
    const name = `${scope} ${keyId}`;
    if (algorithm === MESH_ALGORITHM || this.keys.has(name)) return;
    this.keys.set(name, await ALGORITHMS[algorithm].generate());
  }

  async make(request: MakeStatement): Promise<MakeStatementReply> {
    const { own, authority } = await this.ringsBefore(request);
    return this.signed(request, own, authority, null);
  }

  async prepare(request: PrepareStatement): Promise<PrepareStatementReply> {
    const { own } = await this.ringsBefore(request);
    const comesIn = request.algorithm === undefined ? null : this.key(request.scope, request.new_key_id);
    const statement = this.statement(request, own, comesIn);
    return { statement, possession: comesIn && (await statementSignature(statement, comesIn, 'possession')) };
  }

  load(request: LoadKey): void {
    const { scope, key_id, public_key } = request;
    if (public_key === null && !this.unloadable.has(key_id)) return loadSecret(request);
    const isThatOne = publicText(this.key(scope, key_id).privateKey) === public_key;
    if (!isThatOne || this.unloadable.has(key_id)) throw problem('keyUnavailable');
  }

  /** Each is looked at once, as a signer holds one view of it: a commit in between is not half seen. */
  private async ringsBefore({ scope, type, epoch, authority_epoch }: StatementRequest) {
    const authority = await this.viewOf(isByPlatform(type, scope) ? PLATFORM : scope);
    if (authority?.epoch !== authority_epoch) throw problem('epochMismatch', { epoch: authority?.epoch });
    const own = authority?.scope === scope ? authority : await this.viewOf(scope);
    if ((own?.epoch ?? 0) !== epoch - 1) throw problem('epochMismatch', { epoch: own?.epoch });
    return { own, authority };
  }

  private async signed(
    request: StatementRequest,
    own: RingView | undefined,
    authority: RingView | undefined,
    comesIn: SigningKey | null,
  ) {
    const scope = authority?.scope ?? request.scope;
    const active = authority?.keys.find(({ state }) => state === 'active');
    const statement = this.statement(request, own, comesIn);
    const text = await signStatement(statement, this.key(scope, active?.key_id ?? ''), comesIn);
    return { statement: text, statement_hash: statementHash(text), next: statement.next };
  }

  private statement(
    request: StatementRequest & Partial<MakeStatement>,
    own: RingView | undefined,
    comesIn: SigningKey | null,
  ): Statement {
    const { type, scope, epoch, old_key_id: oldKeyId, new_key_id: newKeyId } = request;
    const held = (keyId: string | undefined) => own?.keys.find(({ key_id }) => key_id === keyId);
    const oldKey = held(oldKeyId);
    const { imported_public_key: imported, imported_algorithm } = request;
    const algorithm = comesIn === null ? (imported_algorithm ?? held(newKeyId)?.algorithm) : algorithmOf(comesIn);
    const isCommittedAnew =
      policyOf(scope).commitsAhead && COMMITS_ANEW.includes(type) && (type !== 'rotate' || comesIn !== null);
    return {
      ...{ type, scope, epoch, authority_epoch: isByPlatform(type, scope) ? request.authority_epoch : null },
      ...{ old_key_id: oldKeyId ?? null, old_public_key: oldKeyId === undefined ? null : (oldKey?.public_key ?? '') },
      ...statedAlgorithm('old', oldKey?.algorithm ?? null),
      new_key_id: newKeyId,
      new_public_key: comesIn ? publicText(comesIn.privateKey) : (imported ?? held(newKeyId)?.public_key ?? ''),
      ...statedAlgorithm('new', algorithm ?? null),
      ...{ opened_at: request.opened_at, closes_at: request.closes_at ?? null },
      ...{ transition_expires: request.transition_expires ?? null, previous: own?.statement_hash ?? null },
      next: isCommittedAnew ? this.makeAhead() : (own?.next ?? null),
      ...this.lies,
    };
  }
}

const algorithmOf = ({ privateKey }: SigningKey): AlgorithmName | undefined =>
  (Object.keys(ALGORITHMS) as AlgorithmName[]).find((name) => ALGORITHMS[name] === privateKey.algorithm);
