/**
 * A thief with one key and the bus in hand: makes statements, announcements, chains and bundles by it, each as like a true
 * one as can be, and shows again, whole or in pieces, what was said before.
 */
import type { SeededRandom, TestKey } from '@plexsphere/testkit';
import { PLATFORM, publicText, type Scope, type TrustedKey } from '@plexsphere/wire';
import {
  STATEMENT_TYPES,
  keyHash,
  readStatement,
  statementHash,
  type ChainAnchor,
  type Statement,
  type StatementType,
  type TrustAnchor,
} from '@plexsphere/wire/jws';
import { SLIPS, forgeStatement, type Forged, type Slip } from './forgery';
import type { Message, ModelNode } from './model-node';
import { keyOf } from './model-ring';
import { announcementOf, type Plane, type Whose } from './plane';

/** Of a mesh: nobody reads an import there. */
const TYPES = (Object.keys(STATEMENT_TYPES) as StatementType[]).filter((type) => type !== 'import');

export interface Deceit {
  what: string;
  message: Message;
}

interface ChainParts {
  platform_statements: string[];
  statements: string[];
  bundle?: string;
  more?: true;
}

export class Thief {
  /** By public text. */
  private readonly mine = new Map<string, TestKey>();

  constructor(
    private readonly plane: Plane,
    private readonly random: SeededRandom,
    private readonly stolen: TestKey,
    /** Of which ring the key is, was, or will be. */
    readonly whose: Whose,
    private readonly heard: readonly Message[],
  ) {}

  /** By the name that its ring gives it: a key ahead has none until it comes in. */
  get key(): TestKey {
    const { keys } = this.plane.rings[this.whose];
    return [...keys.values()].find(({ privateKey }) => privateKey === this.stolen.privateKey) ?? this.stolen;
  }

  isMine(publicKey: string): boolean {
    return this.mine.has(publicKey);
  }

  /** Something for this Node. */
  make(node: ModelNode): Promise<Deceit> {
    return this.random.next() < 0.45 ? this.forge(node) : this.show(node);
  }

  /** What others said, or the Node knows already, as far as he can have it said. */
  async show(node: ModelNode): Promise<Deceit> {
    const isPlatforms = this.whose === 'platform';
    const tricks: [number, () => Deceit | Promise<Deceit>][] = [
      [this.heard.length > 0 ? 2 : 0, () => this.repeat(node)],
      [this.heard.length > 0 ? 4 : 0, () => this.mix(node)],
      [isPlatforms ? 0 : 3, () => this.announce(node)],
      [isPlatforms ? 2 : 0, () => this.goBack(node)],
      [isPlatforms ? 3 : 0, () => this.confirm(node)],
    ];
    let at = this.random.next() * tricks.reduce((sum, [weight]) => sum + weight, 0);
    return tricks.find(([weight]) => (at -= weight) < 0)![1]();
  }

  private repeat(node: ModelNode): Deceit {
    const its = this.random.next() < 0.5 ? this.chainsFor(node) : [];
    const { kind, text } = this.random.pick(its.length > 0 ? its : this.heard);
    return { what: 'repeats', message: { kind, text } };
  }

  /** A chain that was heard, with something else in place of a piece. */
  private async mix(node: ModelNode): Promise<Deceit> {
    const { random } = this;
    const heard = this.chainsFor(node).map(({ text }) => JSON.parse(text) as ChainParts);
    if (heard.length === 0) return this.repeat(node);
    const chain = random.pick(heard);
    const list = node.isPlatforms || random.next() < 0.4 ? 'platform_statements' : 'statements';
    const mixed = (members: Partial<ChainParts>, what: string): Deceit => {
      const { bundle, ...lists } = { ...chain, ...members };
      const end = bundle === undefined ? { more: true } : { bundle };
      return { what, message: { kind: 'chain', text: JSON.stringify({ ...lists, ...end }) } };
    };
    const other = random.pick(heard);
    const at = random.integer(0, chain[list].length);
    switch (random.pick(['bundle', 'part', 'list', 'shorter', 'shorter', 'foreign', 'own'] as const)) {
      case 'bundle':
        return mixed({ bundle: other.bundle! }, 'repeats a chain under another bundle');
      case 'part':
        return mixed({ bundle: undefined as never }, 'repeats a chain without its bundle');
      case 'list':
        return mixed({ [list]: other[list] }, 'repeats a chain with a list of another');
      case 'shorter':
        return mixed({ [list]: chain[list].slice(0, at) }, 'repeats a chain that is cut short');
      case 'foreign': {
        const foreign = random.pick(this.plane.rings[random.pick(['platform', 'domain'] as const)].statements).text;
        const texts = [...chain[list].slice(0, at), foreign, ...chain[list].slice(at)];
        return mixed({ [list]: texts }, 'repeats a chain with what does not belong');
      }
      case 'own': {
        const texts = chain[list].slice(0, at);
        const bundle = await this.bundle(node, this.after(node, 'ring', texts), this.after(node, 'platform', texts));
        return mixed({ [list]: texts, bundle }, 'ends a chain that was heard');
      }
    }
  }

  /** What is held of a ring after true statements, where they are of it. */
  private after({ state }: ModelNode, which: 'ring' | 'platform', texts: readonly string[]): TrustAnchor {
    const last = texts.at(-1);
    const { statements, anchors } = this.plane.rings[which === 'platform' ? 'platform' : 'domain'];
    const at = last === undefined ? -1 : statements.findIndex(({ hash }) => hash === statementHash(last));
    return anchors[at] ?? claimOf(state[which]);
  }

  /** Whole ones, with their bundles. */
  chainsFor({ scope }: ModelNode): Message[] {
    return this.heard.filter(({ kind, text }) => {
      const { bundle } = (kind === 'chain' ? JSON.parse(text) : {}) as Partial<ChainParts>;
      return bundle !== undefined && scopeOf(bundle) === scope;
    });
  }

  /** True news, by the key that he has. */
  private announce(node: ModelNode): Deceit | Promise<Deceit> {
    const of = node.isPlatforms || this.random.next() < 0.5 ? 'platform' : 'domain';
    const held = of === 'platform' ? node.state.platform : node.state.ring;
    const { statements } = this.plane.rings[of];
    const next = statements[statements.findIndex(({ hash }) => hash === held.statementHash) + 1];
    if (next === undefined) return this.forge(node);
    const said = { text: next.text, statement: readStatement(next.text) };
    return { what: `announces ${next.type} of ${of}`, message: this.announcement(node, of, said) };
  }

  private announcement(node: ModelNode, of: Whose, said: { text: string; statement: Statement }): Message {
    const isOwn = of === 'domain' || node.isPlatforms;
    const eventType = isOwn ? 'signing_key_rotated' : 'platform_key_rotated';
    return { kind: 'event', text: announcementOf(said, eventType, node.scope, this.key, this.plane.now) };
  }

  /** What the Node holds, or nearly. */
  private async confirm(node: ModelNode): Promise<Deceit> {
    const [own, platform] = [claimOf(node.state.ring), claimOf(node.state.platform)];
    const isOwn = !node.isPlatforms && this.random.next() < 0.6;
    const message = await this.chain(node, [], isOwn ? this.lie(own) : own, isOwn ? platform : this.lie(platform));
    return { what: 'confirms', message };
  }

  /** Has an earlier head of the platform's confirmed by a key that was active then. */
  private async goBack(node: ModelNode): Promise<Deceit> {
    const { platform, domain } = this.plane.rings;
    const at = this.random.integer(0, platform.statements.length - 1);
    const texts = platform.statements.slice(this.random.integer(0, at), at + 1).map(({ text }) => text);
    const claim = platform.anchors[at]!;
    const own = node.isPlatforms ? claim : this.random.next() < 0.5 ? claimOf(node.state.ring) : domain.anchors.at(-1)!;
    return { what: `goes back to ${claim.head_epoch}`, message: await this.chain(node, texts, own, claim, true) };
  }

  /** A statement that follows what the Node holds: as good a one as the key can make, but perhaps for one thing. */
  private forge(node: ModelNode): Promise<Deceit> {
    const { random } = this;
    const fitting = random.next() < 0.9 ? this.whose : random.pick(['platform', 'domain'] as const);
    const of: Whose = node.isPlatforms || (fitting === 'platform' && random.next() < 0.5) ? 'platform' : 'domain';
    const types = random.next() < 0.9 ? this.able(node, of) : TYPES;
    return this.forgeAs(node, of, random.pick(types));
  }

  /** What may follow by the key, the likelier the less it needs of others. */
  able(node: ModelNode, of: Whose): readonly StatementType[] {
    if (of !== this.whose) return ['revoke', 'rollback', 'recommit'];
    const { stagedKeyId, keys } = of === 'platform' ? node.state.platform : node.state.ring;
    if (stagedKeyId !== null) return ['rotate', 'unstage', 'rotate', 'unstage', 'stage'];
    return keys.length > 1 ? ['rollback', 'rollback', 'rollback', 'rotate'] : ['rotate', 'stage'];
  }

  async forgeAs(
    node: ModelNode,
    of: Whose,
    type: StatementType,
    slip: Slip = this.random.next() < 0.65 ? 'nothing' : this.random.pick(SLIPS),
  ): Promise<Deceit> {
    const { random } = this;
    const isOfPlatform = of === 'platform';
    const scope: Scope = isOfPlatform ? PLATFORM : node.scope;
    const { platform } = node.state;
    const forged = this.forged(node, of, type, slip, random.pick([0, 0, -600_000, 240_000]));
    const what = `forges ${type} of ${of}${slip === 'nothing' ? '' : `, but for its ${slip}`}`;
    if (random.next() < (this.whose === 'domain' ? 0.8 : 0.3)) {
      return { what: `${what}, announced`, message: this.announcement(node, of, forged) };
    }
    const lied = random.next() < 0.8 ? forged.claim : this.lie(forged.claim);
    const theirs = isOfPlatform ? lied : claimOf(platform);
    const own = scope === node.scope ? lied : claimOf(node.state.ring);
    return { what, message: await this.chain(node, [forged.text], own, theirs, isOfPlatform) };
  }

  /** Off our chain, as surely as the key can; by a bundle, perhaps, with numbers that are none. */
  async leadOff(node: ModelNode, of: Whose): Promise<Deceit> {
    const { random } = this;
    // What a bundle by the same key can follow.
    const byPlatform = of === 'platform' ? (['unstage'] as const) : (['revoke', 'recommit'] as const);
    const type = random.pick(this.whose === 'platform' ? byPlatform : this.able(node, of));
    const forged = this.forged(node, of, type, 'nothing', random.pick([0, -600_000]));
    const what = `leads off by ${type} of ${of}`;
    if (this.whose === 'domain') return { what: `${what}, announced`, message: this.announcement(node, of, forged) };
    const isOfPlatform = of === 'platform';
    const theirs = this.misnumbered(isOfPlatform ? forged.claim : claimOf(node.state.platform));
    const own = this.misnumbered(isOfPlatform ? claimOf(node.state.ring) : forged.claim);
    return { what, message: await this.chain(node, [forged.text], own, theirs, isOfPlatform) };
  }

  /** What the Node holds, with numbers that are none, in a bundle from the future: no true one is later for a while. */
  async misnumber(node: ModelNode): Promise<Deceit> {
    const { ring, platform } = node.state;
    const theirs = this.misnumbered(claimOf(platform));
    const bundle = await this.plane.bundle(node.scope, this.key, {
      ...(node.isPlatforms ? theirs : this.misnumbered(claimOf(ring))),
      platform: theirs,
      issued_at: new Date(this.plane.nowMs + 240_000).toISOString(),
      recovery_public_key: node.state.recoveryPublicKey,
    });
    const text = JSON.stringify({ platform_statements: [], statements: [], bundle });
    return { what: 'confirms other numbers', message: { kind: 'chain', text } };
  }

  private misnumbered(claim: TrustAnchor): TrustAnchor {
    const most = Number.MAX_SAFE_INTEGER;
    const epoch = this.random.pick([claim.epoch, Math.min(claim.epoch + 1, most), most]);
    return { ...claim, epoch, trust_epoch: epoch };
  }

  private forged(node: ModelNode, of: Whose, type: StatementType, slip: Slip, opensInMs: number): Forged {
    const { random, plane } = this;
    const { platform, ring } = node.state;
    const anchor = of === 'platform' ? platform : ring;
    const forger = {
      ...{ random, nowMs: plane.nowMs, by: this.key, next: this.hashOfMine(), opensInMs },
      ...this.comer(of, anchor),
      elsewhere: random.pick(plane.rings[of].statements).hash,
    };
    return forgeStatement(forger, of === 'platform' ? PLATFORM : node.scope, anchor, platform, type, slip);
  }

  /** Who would come in: whom the head commits to, if he has that key or knows its name; else one of his own. */
  private comer(of: Whose, anchor: ChainAnchor): { comer: TrustedKey; possession: TestKey } {
    const own = [...this.mine.values(), this.key].find((each) => hashOf(each) === anchor.next);
    const true_ = [...this.plane.rings[of].keys.values()].find((each) => hashOf(each) === anchor.next);
    const comer = own ?? true_ ?? this.fresh();
    const isHis = comer !== true_;
    const keyId = comer.keyId === 'ahead' ? 'ahead-1' : comer.keyId;
    return {
      comer: { keyId, publicKey: comer.privateKey.publicKey },
      possession: { keyId, privateKey: isHis ? comer.privateKey : this.key.privateKey },
    };
  }

  private async chain(
    node: ModelNode,
    texts: string[],
    own: TrustAnchor,
    platform: TrustAnchor,
    isOfPlatform = false,
  ): Promise<Message> {
    const lists = { platform_statements: isOfPlatform ? texts : [], statements: isOfPlatform ? [] : texts };
    const bundle = await this.bundle(node, own, platform);
    return { kind: 'chain', text: JSON.stringify({ ...lists, bundle }) };
  }

  private bundle(node: ModelNode, own: TrustAnchor, platform: TrustAnchor): Promise<string> {
    const { random, plane } = this;
    const issuedAt = new Date(plane.nowMs + random.pick([0, 0, 1, 240_000]));
    return plane.bundle(node.scope, this.key, {
      ...(node.isPlatforms ? platform : own),
      platform,
      ...(random.next() < 0.7 && { issued_at: issuedAt.toISOString() }),
      recovery_public_key: random.next() < 0.1 ? publicText(this.fresh().privateKey) : node.state.recoveryPublicKey,
    });
  }

  /** What else a bundle could say beside a true head. */
  private lie(claim: TrustAnchor): TrustAnchor {
    const { random } = this;
    const signing = claim.keys.filter(({ key_id }) => key_id === claim.active_key_id);
    const { keyId, privateKey } = this.fresh();
    const forever = { key_id: keyId, public_key: publicText(privateKey) };
    const foreign = { ...forever, not_after: '2099-01-01T00:00:00Z' };
    const epoch = Number.MAX_SAFE_INTEGER;
    return random.pick<TrustAnchor>([
      claim,
      { ...claim, epoch, trust_epoch: epoch },
      { ...claim, epoch: 1, trust_epoch: 1, head_epoch: 1 },
      { ...claim, keys: signing, staged_key_id: null },
      { ...claim, keys: [...signing, foreign], staged_key_id: null },
      { ...claim, keys: [...signing, foreign], staged_key_id: keyId },
      { ...claim, keys: [...claim.keys, forever], active_key_id: keyId },
      { ...claim, keys: [{ ...forever, key_id: claim.active_key_id }, ...claim.keys.slice(1)] },
      { ...claim, next: this.hashOfMine() },
      { ...claim, statement_hash: this.hashOfMine() },
    ]);
  }

  private fresh(): TestKey {
    const keyId = `t${this.mine.size + 1}`;
    const key = keyOf(keyId, `thief's ${keyId}`);
    this.mine.set(publicText(key.privateKey), key);
    return key;
  }

  private hashOfMine(): string {
    return hashOf(this.fresh());
  }
}

const hashOf = ({ privateKey }: TestKey): string => keyHash(publicText(privateKey));

const scopeOf = (bundle: string): unknown =>
  (JSON.parse(Buffer.from(bundle.split('.')[1]!, 'base64url').toString()) as { scope: unknown }).scope;

const claimOf = (anchor: ChainAnchor): TrustAnchor => ({
  epoch: Math.max(anchor.epoch, anchor.headEpoch),
  trust_epoch: anchor.headEpoch,
  active_key_id: anchor.activeKeyId,
  staged_key_id: anchor.stagedKeyId,
  keys: anchor.keys.map(({ keyId, publicKey, notAfter }) => ({
    key_id: keyId,
    public_key: publicText(publicKey),
    ...(notAfter !== undefined && { not_after: notAfter.toISOString() }),
  })),
  statement_hash: anchor.statementHash,
  head_epoch: anchor.headEpoch,
  next: anchor.next,
});
