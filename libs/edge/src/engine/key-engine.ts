/**
 * One change of the Node's key or token after the other. Each has the same steps, and each step can be done again: what is asked
 * is written down first; the answer replaces what is held; the connection moves; the platform is told, and ends what was
 * before; what was written down goes. Whoever begins with something written down goes on from wherever it had come to.
 */
import { createBusKey } from '@plexsphere/wire';
import { nodeKeyOf, signKeyChange, signProof, type NodeKey } from '@plexsphere/wire/jws';
import type { HostFailure } from '@plexsphere/wire/commands';
import { EdgeError } from '../edge-error';
import { tokenHash, type Creds } from '../folder/creds';
import type { EdgeFolder, Held } from '../folder/edge-folder';
import type { Pending, PendingKey, PendingToken } from '../folder/pending';
import type { NodeStanding, Standing } from '../folder/standing';
import type { KeyCalls } from '../gateway/key-calls';
import type { KeyView } from '../gateway/key-view';
import type { ServerClock } from '../gateway/server-clock';
import type { EdgeChanged } from '../types';
import { fingerprint } from './fingerprint';
import { heldOf } from './held-answer';

export interface EngineOptions {
  folder: EdgeFolder;
  held: Held;
  calls: KeyCalls;
  clock: ServerClock;
  now(): Date;
  /** The Node works by these from now on. @throws EdgeError not_moved */
  move(creds: Creds): Promise<void>;
}

export class KeyEngine {
  private current: Held;
  /** Held, and not on the disk yet, which has refused it: what the platform has answered, and what was held before. */
  private unwritten: { before: Creds; after: Creds } | undefined;

  constructor(private readonly options: EngineOptions) {
    this.current = options.held;
  }

  get held(): Held {
    return this.current;
  }

  /**
   * What holds of the key, and what is due.
   * `failed`: why the change that a fleet run waits for did not come about.
   * @throws EdgeError
   */
  ask(failed: { run: string; reason: HostFailure } | null): Promise<KeyView> {
    return this.noted(async () => {
      const { calls } = this.options;
      const view = await calls.view(this.nodeId, () => signProof('ask', { ...this.ofNode(), failed }, this.creds.key));
      await this.saveStanding({ status: 'active', contestedSince: view.contestedSince });
      return view;
    });
  }

  /** What was asked for and is not done with; undefined where nothing was. @throws EdgeError */
  settle(): Promise<EdgeChanged | undefined> {
    return this.noted(async () => {
      const { pending } = this.current;
      return pending === undefined ? undefined : this.goOn(pending);
    });
  }

  /** Another key. @throws EdgeError */
  async changeKey(keepOldMs: number): Promise<EdgeChanged> {
    await this.settle();
    const { seed } = createBusKey('user');
    try {
      return await this.begin(await this.keyChange(seed, keepOldMs));
    } catch (error) {
      // The refusal has told the time: the same once more, by that.
      if (!(error instanceof EdgeError) || !error.isRefusal('proofStale')) throw error;
      return this.begin(await this.keyChange(seed, keepOldMs));
    }
  }

  /** A newer token: in the place of the one that is held, or beside it. @throws EdgeError */
  async newToken(replace: boolean): Promise<EdgeChanged> {
    await this.settle();
    const askedAt = this.options.now().toISOString();
    return this.begin({ kind: 'token', askedAt, heldHash: tokenHash(this.creds.token), replace });
  }

  /** The Node leaves the mesh. @throws EdgeError */
  async deregister(): Promise<void> {
    await this.noted(() =>
      this.options.calls.ask(
        'logout',
        this.nodeId,
        () => signProof('logout', this.ofGeneration(), this.creds.key),
        () => undefined,
      ),
    );
  }

  /** Of the old keys those go whose time is over. @throws EdgeError of a write */
  async deleteOver(): Promise<void> {
    await this.options.folder.deleteOver(this.options.now());
  }

  /** By the server's time as it is known. */
  get isTokenOver(): boolean {
    const { expiresAt } = this.creds.claims;
    return expiresAt !== undefined && expiresAt * 1_000 <= this.options.clock.now().getTime();
  }

  private get creds(): Creds {
    return this.current.creds;
  }

  private get nodeId(): string {
    return this.current.identity.nodeId;
  }

  private async begin(pending: Pending): Promise<EdgeChanged> {
    await this.options.folder.beginPending(pending);
    this.current = { ...this.current, pending };
    return this.noted(() => this.goOn(pending));
  }

  private async goOn(pending: Pending): Promise<EdgeChanged> {
    const { move } = this.options;
    if (this.unwritten !== undefined || !isTaken(pending, this.creds)) await this.take(pending);
    // One that was answered long ago may be over by now: whoever looks next asks for a newer one.
    const isOver = this.isTokenOver;
    if (isOver) await this.end(pending);
    else await move(this.creds);
    const confirmed = !isOver && (await this.confirm(pending));
    const { key, claims, generation } = this.creds;
    return {
      node_id: this.nodeId,
      generation,
      key_fingerprint: fingerprint(key.keyId),
      token_expires: expiryOf(claims.expiresAt),
      confirmed,
      archived: pending.kind === 'key-change' ? this.options.folder.archiveName(pending) : null,
    };
  }

  /**
   * The answer in hand is on the disk when this is done: the old key beside it first. Where the disk refuses, the Node works by
   * it all the same, since what was before ends within a minute; what is pending stays, and at a start is answered again.
   */
  private async take(pending: Pending): Promise<void> {
    this.unwritten ??= { before: this.creds, after: await this.answered(pending) };
    const { before, after } = this.unwritten;
    this.current = { ...this.current, creds: after };
    try {
      if (pending.kind === 'key-change') await this.archive(pending, before);
      await this.options.folder.replaceCreds(after);
    } catch (error) {
      if (!this.isTokenOver) await this.options.move(after);
      throw error;
    }
    this.unwritten = undefined;
  }

  private answered(pending: Pending): Promise<Creds> {
    return this.endingIfRefused(pending, () =>
      pending.kind === 'key-change' ? this.askForKey(pending) : this.askForToken(pending),
    );
  }

  private askForKey({ request, seed, generation }: PendingKey): Promise<Creds> {
    const { account } = this.creds.claims;
    const expected = { nodeId: this.nodeId, seed, generation: generation + 1, account };
    return this.options.calls.again('changeNodeKey', this.nodeId, request, (body) => heldOf(body, expected));
  }

  private askForToken({ heldHash, replace }: PendingToken): Promise<Creds> {
    const { seed, generation, claims, key } = this.creds;
    const expected = { nodeId: this.nodeId, seed, generation, account: claims.account, newerThan: claims.issuedAt };
    const prove = () => signProof('token', { ...this.ofGeneration(), token_hash: heldHash, replace }, key);
    return this.options.calls.ask('nodeToken', this.nodeId, prove, (body) => heldOf(body, expected));
  }

  private async archive(pending: PendingKey, { seed, generation, key }: Creds): Promise<void> {
    const { askedAt: archivedAt, keepOldMs } = pending;
    const deleteAt = new Date(Date.parse(archivedAt) + keepOldMs).toISOString();
    const archived = { nodeId: this.nodeId, generation, publicKey: key.keyId, seed, archivedAt, deleteAt };
    await this.options.folder.archive(pending, archived);
  }

  /** Whether the platform has ended what was before. Where nobody answers, what is pending stays and is gone on with. */
  private async confirm(pending: Pending): Promise<boolean> {
    const { calls } = this.options;
    const prove = () =>
      signProof('key-confirm', { ...this.ofGeneration(), token_hash: tokenHash(this.creds.token) }, this.creds.key);
    try {
      await this.endingIfRefused(pending, () => calls.ask('confirmNodeKey', this.nodeId, prove, () => undefined));
    } catch (error) {
      if (error instanceof EdgeError && (error.code === 'unanswered' || error.code === 'answer_malformed'))
        return false;
      throw error;
    }
    await this.end(pending);
    return true;
  }

  private async endingIfRefused<T>(pending: Pending, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof EdgeError && error.code === 'refused') await this.end(pending);
      throw error;
    }
  }

  private async end(pending: Pending): Promise<void> {
    await this.options.folder.endPending(pending);
    this.current = { ...this.current, pending: undefined };
  }

  /** What a refusal says of the Node itself is remembered. */
  private async noted<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const status = error instanceof EdgeError ? standingBy(error) : undefined;
      if (status !== undefined) await this.saveStanding({ ...this.current.standing, status });
      throw error;
    }
  }

  /** Where it cannot be written it is known all the same, as long as this runs. */
  private async saveStanding(standing: Standing): Promise<void> {
    const { status, contestedSince } = this.current.standing;
    if (status === standing.status && contestedSince === standing.contestedSince) return;
    this.current = { ...this.current, standing };
    await this.options.folder.saveStanding(standing).catch(() => undefined);
  }

  private async keyChange(seed: string, keepOldMs: number): Promise<PendingKey> {
    const { generation, key } = this.creds;
    const request = await signKeyChange(this.ofGeneration(), { old: key, new: keyOf(seed) });
    return { kind: 'key-change', askedAt: this.options.now().toISOString(), request, seed, generation, keepOldMs };
  }

  private ofNode() {
    return { aud: this.creds.claims.account, exp: this.options.clock.proofEnd(), node_id: this.nodeId };
  }

  private ofGeneration() {
    return { ...this.ofNode(), generation: this.creds.generation };
  }
}

const STANDINGS: readonly [Parameters<EdgeError['isRefusal']>[0], NodeStanding][] = [
  ['nodeRevoked', 'revoked'],
  ['nodeRemoved', 'removed'],
  ['nodeKeySuperseded', 'superseded'],
];
const standingBy = (error: EdgeError): NodeStanding | undefined =>
  STANDINGS.find(([name]) => error.isRefusal(name))?.[1];

/** The answer is on the disk. */
const isTaken = (pending: Pending, { key, token }: Creds): boolean =>
  pending.kind === 'key-change' ? key.keyId === keyOf(pending.seed).keyId : tokenHash(token) !== pending.heldHash;

function keyOf(seed: string): NodeKey {
  const key = nodeKeyOf(seed);
  if (key === undefined) throw new EdgeError('state_damaged', 'seed');
  return key;
}

export const expiryOf = (seconds: number | undefined): string | null =>
  seconds === undefined ? null : new Date(seconds * 1_000).toISOString();
