/**
 * A thief with one key and the bus in hand: makes statements, announcements, chains and bundles by it, each as like a true
 * one as can be, and shows again what was said before.
 */
import { createHash } from 'node:crypto';
import type { SeededRandom, TestKey } from '@plexsphere/testkit';
import { PLATFORM, publicText, type Scope } from '@plexsphere/wire';
import {
  STATEMENT_TYPES,
  activeKeyOf,
  keyHash,
  type ChainAnchor,
  type Statement,
  type StatementType,
  type TrustAnchor,
} from '@plexsphere/wire/jws';
import type { Message, ModelNode } from './model-node';
import { keyOf } from './model-ring';
import { announcementOf, type Plane, type Whose } from './plane';

const TYPES = Object.keys(STATEMENT_TYPES) as StatementType[];

interface Forged {
  text: string;
  statement: Statement;
  /** What is held after it. */
  claim: TrustAnchor;
}

export class Thief {
  private readonly mine = new Set<string>();

  constructor(
    private readonly plane: Plane,
    private readonly random: SeededRandom,
    readonly key: TestKey,
    /** Of which ring the key is, or was. */
    readonly whose: Whose,
    private readonly heard: readonly Message[],
  ) {}

  /** Something for this Node; what it is, for the trace. */
  async make(node: ModelNode): Promise<{ what: string; message: Message }> {
    const { random } = this;
    if (this.heard.length > 0 && random.next() < 0.15) {
      const { kind, text } = random.pick(this.heard);
      return { what: 'repeats', message: { kind, text } };
    }
    if (this.whose === 'platform' && random.next() < 0.15) return this.goBack(node);
    if (this.whose === 'platform' && random.next() < 0.2) {
      const own = claimOf(node.state.ring);
      return { what: 'confirms', message: await this.chain(node, [], this.lie(own), claimOf(node.state.platform)) };
    }
    return this.forge(node);
  }

  isMine(publicKey: string): boolean {
    return this.mine.has(publicKey);
  }

  /** A statement that follows what the Node holds: mostly as good a one as the key can make. */
  private forge(node: ModelNode): Promise<{ what: string; message: Message }> {
    const { random } = this;
    const isCareful = random.next() < 0.75;
    const fitting = isCareful ? this.whose : random.pick(['platform', 'domain'] as const);
    const of: Whose = node.isPlatforms || (fitting === 'platform' && random.next() < 0.5) ? 'platform' : 'domain';
    const types = isCareful ? this.able(node, of) : TYPES;
    return this.forgeAs(node, of, random.pick(types), isCareful);
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
    isCareful = true,
  ): Promise<{ what: string; message: Message }> {
    const { random } = this;
    const isOfPlatform = of === 'platform';
    const scope = isOfPlatform ? PLATFORM : node.scope;
    const forged = this.statement(node, scope, isOfPlatform ? node.state.platform : node.state.ring, type, isCareful);
    const what = `forges ${type} of ${of}`;
    if (random.next() < (this.whose === 'domain' ? 0.8 : 0.3)) {
      const eventType = scope === node.scope ? 'signing_key_rotated' : 'platform_key_rotated';
      const text = announcementOf(forged, eventType, node.scope, this.key, this.plane.now);
      return { what: `${what}, announced`, message: { kind: 'event', text } };
    }
    const lied = isCareful ? forged.claim : this.lie(forged.claim);
    const platform = isOfPlatform ? lied : claimOf(node.state.platform);
    const own = scope === node.scope ? lied : claimOf(node.state.ring);
    return { what, message: await this.chain(node, [forged.text], own, platform, isOfPlatform) };
  }

  /** Has an earlier head of the platform's confirmed by a key that was active then. */
  private async goBack(node: ModelNode): Promise<{ what: string; message: Message }> {
    const { platform, domain } = this.plane.rings;
    const at = this.random.integer(0, platform.statements.length - 1);
    const texts = platform.statements.slice(this.random.integer(0, at), at + 1).map(({ text }) => text);
    const claim = platform.anchors[at]!;
    const own = node.isPlatforms ? claim : this.random.next() < 0.5 ? claimOf(node.state.ring) : domain.anchors.at(-1)!;
    return { what: `goes back to ${claim.head_epoch}`, message: await this.chain(node, texts, own, claim, true) };
  }

  private async chain(
    node: ModelNode,
    texts: string[],
    own: TrustAnchor,
    platform: TrustAnchor,
    isOfPlatform = false,
  ): Promise<Message> {
    const lists = { platform_statements: isOfPlatform ? texts : [], statements: isOfPlatform ? [] : texts };
    const { random, plane } = this;
    const issuedAt = new Date(plane.nowMs + random.pick([0, 0, 1, 240_000]));
    const bundle = await plane.bundle(node.scope, this.key, {
      ...(node.isPlatforms ? platform : own),
      platform,
      ...(random.next() < 0.7 && { issued_at: issuedAt.toISOString() }),
      recovery_public_key: random.next() < 0.1 ? publicText(this.fresh().privateKey) : node.state.recoveryPublicKey,
    });
    return { kind: 'chain', text: JSON.stringify({ ...lists, bundle }) };
  }

  /** What else a bundle could say beside a true head. */
  private lie(claim: TrustAnchor): TrustAnchor {
    const { random } = this;
    const signing = claim.keys.filter(({ key_id }) => key_id === claim.active_key_id);
    const { keyId, privateKey } = this.fresh();
    const foreign = { key_id: keyId, public_key: publicText(privateKey), not_after: '2099-01-01T00:00:00Z' };
    const epoch = Number.MAX_SAFE_INTEGER;
    return random.pick<TrustAnchor>([
      claim,
      claim,
      { ...claim, epoch, trust_epoch: epoch },
      { ...claim, epoch: 1, trust_epoch: 1, head_epoch: 1 },
      { ...claim, keys: signing, staged_key_id: null },
      { ...claim, keys: [...signing, foreign], staged_key_id: null },
      { ...claim, next: this.hashOfMine() },
    ]);
  }

  private statement(
    node: ModelNode,
    scope: Scope,
    anchor: ChainAnchor,
    type: StatementType,
    isCareful: boolean,
  ): Forged {
    const { random, plane } = this;
    const { active, beside, authority, next: rule, closes, expires } = STATEMENT_TYPES[type];
    const signing = activeKeyOf(anchor);
    const other = anchor.keys.find(({ keyId }) => keyId !== signing.keyId);
    const mine = this.fresh();
    const asHeld = { keyId: mine.keyId, publicKey: mine.privateKey.publicKey };
    const heldOrMine = other !== undefined && random.next() < 0.7 ? other : asHeld;
    const [old, next] = {
      create: [signing, asHeld],
      rotate: [signing, heldOrMine],
      stage: [signing, asHeld],
      unstage: [other ?? asHeld, signing],
      rollback: [signing, heldOrMine],
      revoke: random.next() < 0.7 ? [signing, heldOrMine] : [other ?? asHeld, signing],
      recommit: [signing, signing],
      recovery: [{ keyId: 'recovery-1', publicKey: plane.recovery.privateKey.publicKey }, asHeld],
    }[type] as [typeof signing, typeof signing];
    const at = (ms: number): string => new Date(plane.nowMs + ms).toISOString();
    const { platform } = node.state;
    const comesIn = next === asHeld && type !== 'rollback';
    const isMadeAnew = rule === 'made_anew' || (rule === 'committed' && comesIn);
    const statement: Statement = {
      type,
      scope,
      epoch: Math.min(random.pick([anchor.headEpoch + 1, anchor.epoch + 1, Infinity]), Number.MAX_SAFE_INTEGER),
      authority_epoch:
        authority === 'superior' && scope !== PLATFORM
          ? random.pick(isCareful ? [platform.headEpoch, platform.epoch] : [platform.headEpoch, 1])
          : null,
      old_key_id: type === 'create' ? null : old.keyId,
      old_public_key: type === 'create' ? null : publicText(old.publicKey),
      new_key_id: next.keyId,
      new_public_key: publicText(next.publicKey),
      opened_at: at(0),
      closes_at: closes ? at(3_600_000) : null,
      transition_expires: expires ? at(3_600_000) : null,
      next: isMadeAnew === (isCareful || random.next() < 0.5) ? this.hashOfMine() : anchor.next,
      previous: isCareful || random.next() < 0.7 ? anchor.statementHash : random.pick(plane.of(scope).statements).hash,
    };
    const possession = comesIn === (isCareful || random.next() < 0.8) ? [{ key: mine, role: 'possession' }] : [];
    const kid = isCareful || random.next() < 0.5 ? this.key.keyId : signing.keyId;
    const { text, hash } = signed(statement, [{ key: { ...this.key, keyId: kid }, role: 'authority' }, ...possession]);
    const left = active === 'old' ? old : active === 'new' ? next : signing;
    const held = beside === 'old' ? [old] : beside === 'new' ? [next] : beside === 'nobody' ? [] : other ? [other] : [];
    const claim: TrustAnchor = {
      epoch: statement.epoch,
      trust_epoch: statement.epoch,
      active_key_id: left.keyId,
      staged_key_id: beside === 'new' ? next.keyId : null,
      keys: [left, ...held]
        .filter(({ keyId }, at, all) => all.findIndex((each) => each.keyId === keyId) === at)
        .map(({ keyId, publicKey }, at) => ({
          key_id: keyId,
          public_key: publicText(publicKey),
          ...(at > 0 && { not_after: statement.transition_expires ?? '2099-01-01T00:00:00Z' }),
        })),
      statement_hash: hash,
      head_epoch: statement.epoch,
      next: statement.next,
    };
    return { text, statement, claim };
  }

  private fresh(): TestKey {
    const keyId = `t${this.mine.size + 1}`;
    const key = keyOf(keyId, `thief's ${keyId}`);
    this.mine.add(publicText(key.privateKey));
    return key;
  }

  private hashOfMine(): string {
    return keyHash(publicText(this.fresh().privateKey));
  }
}

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

/** As no honest signer would: whatever it says, by whatever keys. */
function signed(statement: Statement, by: { key: TestKey; role: string }[]): { text: string; hash: string } {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = encode(statement);
  const signatures = by.map(({ key: { keyId, privateKey }, role }) => {
    const header = encode({ alg: 'EdDSA', typ: 'plexsphere-statement+jws', kid: keyId, role });
    const signature = privateKey.sign(Buffer.from(`${header}.${payload}`)).toString('base64url');
    return { signature, protected: header };
  });
  const hash = createHash('sha256').update(Buffer.from(payload, 'base64url')).digest('base64url');
  return { text: JSON.stringify({ signatures, payload }), hash };
}
