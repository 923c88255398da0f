import { randomUUID } from 'node:crypto';
import { heldKeys, scopePolicy } from '@plexsphere/keyring';
import { MESH_ALGORITHM, buildEnvelope, canonicalText, publicText } from '@plexsphere/wire';
import type { PlatformKeyRotated, RingView, Scope, SigningKeyRotated, TransitionView } from '@plexsphere/wire';
import {
  readStatement,
  signStatement,
  statementHash,
  type SigningKey,
  type Statement,
  type TrustAnchor,
} from '@plexsphere/wire/jws';
import { newKeyPair, type TestPrivateKey } from './keys';

export interface TestKey extends SigningKey {
  privateKey: TestPrivateKey;
}

export const testKey = (keyId: string): TestKey => ({ keyId, privateKey: newKeyPair().privateKey });

export interface EventFields {
  eventType?: string;
  eventId?: string;
  issuedAt?: Date;
  nonce?: string;
  payload?: object | string | null;
}

export function envelopeBy(key: TestKey, scope: string, now: Date, fields: EventFields = {}): string {
  const { payload = { a: 1 } } = fields;
  const canonical = canonicalText({
    eventType: fields.eventType ?? 'node_state_updated',
    eventId: fields.eventId ?? randomUUID(),
    issuedAt: (fields.issuedAt ?? now).toISOString(),
    nonce: fields.nonce ?? randomUUID(),
    payload: payload === null || typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  return buildEnvelope(canonical, { scope, keyId: key.keyId }, key.privateKey.sign(Buffer.from(canonical)));
}

export interface RingKey extends TestKey {
  state: 'active' | 'retiring' | 'retired';
  /** When a retiring one verifies no more. */
  verifiesUntil: Date | null;
}

/** How a ring came to an epoch. A close has no statement. */
export interface RingChange {
  epoch: number;
  change: 'create' | 'rotate' | 'close';
  activeKeyId: string;
  statement: string | null;
}

/** What stands in a rotation's statement, where it is not the usual. */
export interface RotationTimes {
  openedAt: string;
  closesAt: string;
  transitionExpires: string;
}

/** A key ring in memory with its private keys and real statements, which walks through rotations. */
export class TestRing {
  /** Every key that it ever had, oldest first. */
  readonly keys: RingKey[] = [];
  /** One an epoch, from 1 on. */
  readonly changes: RingChange[] = [];

  private constructor(readonly scope: Scope) {}

  /** By the platform's active key; the platform's own first key by the recovery key. */
  static async create(scope: Scope, keyId: string, authority: TestKey, now: Date): Promise<TestRing> {
    const ring = new TestRing(scope);
    const key = testKey(keyId);
    const statement = await signStatement(ring.creation(key, now.toISOString()), authority, key);
    ring.take('create', key, statement);
    return ring;
  }

  get epoch(): number {
    return this.changes.length;
  }

  get trustEpoch(): number {
    return this.changes.findLast(({ statement }) => statement !== null)?.epoch ?? 0;
  }

  get active(): RingKey {
    return this.keys.at(-1)!;
  }

  get retiring(): RingKey | undefined {
    return this.keys.find(({ state }) => state === 'retiring');
  }

  /** What a verifier may hold, as the product says. */
  get trusted(): RingKey[] {
    return heldKeys(this.keys, scopePolicy('domain'));
  }

  /** That of the trust epoch. */
  get statement(): string {
    return this.statements.at(-1)!.text;
  }

  get statements(): { text: string; epoch: number }[] {
    return this.changes.flatMap(({ epoch, statement }) => (statement === null ? [] : [{ text: statement, epoch }]));
  }

  get statementHash(): string {
    return statementHash(this.statement);
  }

  /** Of the statement that made the ring. */
  get firstHash(): string {
    return statementHash(this.statements[0]!.text);
  }

  /** The key that was active until the rotation of `epoch` + 1. */
  retiringSince(epoch: number): TestKey {
    const { activeKeyId } = this.changes[epoch - 1]!;
    return this.keys.find(({ keyId }) => keyId === activeKeyId)!;
  }

  /** Closes what is open first. The old key verifies for `graceMs` beyond the window. */
  async rotate(keyId: string, now: Date, windowMs = 60_000, graceMs = 0): Promise<void> {
    if (this.retiring !== undefined) this.close();
    const at = (ms: number): string => new Date(now.getTime() + ms).toISOString();
    const times = { openedAt: at(0), closesAt: at(windowMs), transitionExpires: at(windowMs + graceMs) };
    const key = testKey(keyId);
    const statement = await signStatement(this.rotation(key, times), this.active, key);
    Object.assign(this.active, { state: 'retiring', verifiesUntil: new Date(times.transitionExpires) });
    this.take('rotate', key, statement);
  }

  close(): void {
    if (this.retiring !== undefined) Object.assign(this.retiring, { state: 'retired', verifiesUntil: null });
    this.changes.push({
      epoch: this.epoch + 1,
      change: 'close',
      activeKeyId: this.active.keyId,
      statement: null,
    });
  }

  /** What the next rotation's statement says, to `key`; `by` is whom it names as its authority. */
  rotation(
    key: TestKey,
    { openedAt, closesAt, transitionExpires }: RotationTimes,
    by: TestKey = this.active,
  ): Statement {
    return {
      type: 'rotate',
      scope: this.scope,
      epoch: this.epoch + 1,
      old_key_id: by.keyId,
      old_public_key: publicText(by.privateKey),
      new_key_id: key.keyId,
      new_public_key: publicText(key.privateKey),
      opened_at: openedAt,
      closes_at: closesAt,
      transition_expires: transitionExpires,
      previous: this.statementHash,
    };
  }

  /** What an announcement of the last rotation says. `members` replaces members. */
  rotatedPayload(members: Partial<SigningKeyRotated> = {}): SigningKeyRotated {
    return { ...announced(this.statement), ...members };
  }

  /** The last rotation's announcement, by the key that it replaced. */
  rotatedEvent(now: Date, fields: EventFields = {}): string {
    const event = { eventType: 'signing_key_rotated', payload: this.rotatedPayload(), ...fields };
    return envelopeBy(this.retiringSince(this.trustEpoch - 1), this.scope, now, event);
  }

  /** Of this ring, which is the platform's, for the Nodes of `domain`. */
  platformRotatedEvent(domain: TestRing, now: Date, fields: EventFields = {}): string {
    const { transition_expires, statement, epoch } = this.rotatedPayload();
    const payload: PlatformKeyRotated = { epoch, transition_expires, statement };
    return envelopeBy(domain.active, domain.scope, now, { eventType: 'platform_key_rotated', payload, ...fields });
  }

  /** What someone who holds a former key would claim to come after the last statement. */
  async forgedRotation(leaked: TestKey, next: TestKey, now: Date): Promise<SigningKeyRotated> {
    const closesAt = new Date(now.getTime() + 60_000).toISOString();
    const times = { openedAt: now.toISOString(), closesAt, transitionExpires: closesAt };
    return announced(await signStatement(this.rotation(next, times, leaked), leaked, next));
  }

  statementsSince(epoch: number): string[] {
    return this.statements.filter((statement) => statement.epoch > epoch).map(({ text }) => text);
  }

  /** As rotation shows it to those who sign and serve by it. */
  view(): RingView {
    const { scope, epoch, trustEpoch, statement } = this;
    const last = this.changes.findLast(({ change }) => change === 'rotate');
    const open = this.retiring !== undefined;
    return {
      scope,
      epoch,
      trust_epoch: trustEpoch,
      keys: this.trusted.map(({ keyId, privateKey, state, verifiesUntil }) => ({
        key_id: keyId,
        state,
        algorithm: MESH_ALGORITHM,
        public_key: publicText(privateKey),
        verifies_until: verifiesUntil?.toISOString() ?? null,
      })),
      transition: last === undefined ? null : { ...transitionOf(last.statement!), outcome: open ? null : 'closed' },
      statement,
      statement_hash: this.statementHash,
    };
  }

  anchor(): TrustAnchor {
    const { epoch, trustEpoch, statementHash: hash } = this;
    return {
      epoch,
      trust_epoch: trustEpoch,
      active_key_id: this.active.keyId,
      keys: this.trusted.map(({ keyId, privateKey, verifiesUntil }) => ({
        key_id: keyId,
        public_key: publicText(privateKey),
        ...(verifiesUntil !== null && { not_after: verifiesUntil.toISOString() }),
      })),
      statement_hash: hash,
    };
  }

  private creation(key: TestKey, openedAt: string): Statement {
    const nobody = {
      old_key_id: null,
      old_public_key: null,
      closes_at: null,
      transition_expires: null,
      previous: null,
    };
    const [new_key_id, new_public_key] = [key.keyId, publicText(key.privateKey)];
    return { type: 'create', scope: this.scope, epoch: 1, ...nobody, new_key_id, new_public_key, opened_at: openedAt };
  }

  private take(change: 'create' | 'rotate', key: TestKey, statement: string): void {
    this.keys.push({ ...key, state: 'active', verifiesUntil: null });
    this.changes.push({ epoch: this.epoch + 1, change, activeKeyId: key.keyId, statement });
  }
}

/** What the announcement of a rotation says: what its statement does, and the statement. */
function announced(statement: string): SigningKeyRotated {
  const { new_public_key, old_public_key, transition_expires, scope, old_key_id, new_key_id, opened_at, epoch } =
    readStatement(statement);
  return {
    current: new_public_key,
    previous: old_public_key!,
    transition_expires: transition_expires!,
    scope,
    old_key_id: old_key_id!,
    new_key_id,
    opened_at,
    epoch,
    statement,
  };
}

function transitionOf(statement: string): Omit<TransitionView, 'outcome'> {
  const { old_key_id, new_key_id, opened_at, closes_at, transition_expires } = readStatement(statement);
  return {
    old_key_id: old_key_id!,
    new_key_id,
    opened_at,
    closes_at: closes_at!,
    transition_expires: transition_expires!,
  };
}
