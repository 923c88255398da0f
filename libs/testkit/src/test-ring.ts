/** A key ring in memory with its private keys: makes what rotation, signers and relays would send. For specs only. */
import { randomUUID } from 'node:crypto';
import { newKeyPair, type TestPrivateKey } from '@plexsphere/testkit';
import {
  buildEnvelope,
  canonicalText,
  PLATFORM,
  publicText,
  type PlatformKeyRotated,
  type SigningKeyRotated,
  type StreamReady,
} from '@plexsphere/wire';
import {
  signBundle,
  signStatement,
  statementHash,
  type BundleKey,
  type Statement,
  type TrustAnchor,
} from '@plexsphere/wire/jws';

export interface TestKey {
  keyId: string;
  privateKey: TestPrivateKey;
}

export const testKey = (keyId: string): TestKey => ({ keyId, privateKey: newKeyPair().privateKey });

export interface EventFields {
  eventType?: string;
  eventId?: string;
  issuedAt?: Date;
  nonce?: string;
  payload?: object | string;
}

export function envelopeBy(key: TestKey, scope: string, now: Date, fields: EventFields = {}): string {
  const { payload = { a: 1 } } = fields;
  const canonical = canonicalText({
    eventType: fields.eventType ?? 'node_state_updated',
    eventId: fields.eventId ?? randomUUID(),
    issuedAt: (fields.issuedAt ?? now).toISOString(),
    nonce: fields.nonce ?? randomUUID(),
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  return buildEnvelope(canonical, { scope, keyId: key.keyId }, key.privateKey.sign(Buffer.from(canonical)));
}

export class TestRing {
  /** Newest trusted first. */
  keys: { key: TestKey; notAfter?: Date }[];
  /** Every key that it ever had. */
  readonly everKeys: TestKey[] = [];
  epoch = 1;
  trustEpoch = 1;
  readonly statements: { text: string; epoch: number }[] = [];
  private readonly once = new Map<number, TestKey>();
  private lastRotation: { old: TestKey; fields: Statement; transitionExpires: Date } | undefined;

  private constructor(
    readonly scope: string,
    first: TestKey,
  ) {
    this.keys = [{ key: first }];
    this.everKeys.push(first);
  }

  static async create(scope: string, keyId: string, authority: TestKey, now: Date): Promise<TestRing> {
    const ring = new TestRing(scope, testKey(keyId));
    const fields = { type: 'create', scope, epoch: 1, old_key_id: null, old_public_key: null } as const;
    await ring.state(fields, authority, ring.active, now, null);
    return ring;
  }

  get active(): TestKey {
    return this.keys[0]!.key;
  }

  get retiring(): TestKey | undefined {
    return this.keys[1]?.key;
  }

  /** The key that was active until the rotation of `epoch` + 1. */
  retiringSince(epoch: number): TestKey {
    return this.once.get(epoch)!;
  }

  get statementHash(): string {
    return statementHash(this.statements.at(-1)!.text);
  }

  /** Of the statement that made the ring. */
  get firstHash(): string {
    return statementHash(this.statements[0]!.text);
  }

  /** Closes what is open first. */
  async rotate(keyId: string, now: Date, windowMs = 60_000): Promise<void> {
    if (this.retiring !== undefined) this.close();
    const old = this.active;
    const next = testKey(keyId);
    const closesAt = new Date(now.getTime() + windowMs);
    this.once.set(this.epoch, old);
    this.epoch += 1;
    this.trustEpoch = this.epoch;
    const oldNames = { old_key_id: old.keyId, old_public_key: publicText(old.privateKey) };
    const base = { type: 'rotate', scope: this.scope, epoch: this.epoch, ...oldNames } as const;
    const fields = await this.state(base, old, next, now, closesAt);
    this.lastRotation = { old, fields, transitionExpires: closesAt };
    this.keys = [{ key: next }, { key: old, notAfter: closesAt }];
    this.everKeys.push(next);
  }

  close(): void {
    this.keys = this.keys.slice(0, 1);
    this.epoch += 1;
  }

  /** `members` replaces members of the payload. */
  rotatedPayload(members: Partial<SigningKeyRotated> = {}): SigningKeyRotated {
    const { fields, transitionExpires } = this.lastRotation!;
    return {
      current: fields.new_public_key,
      previous: fields.old_public_key!,
      transition_expires: transitionExpires.toISOString(),
      scope: this.scope,
      old_key_id: fields.old_key_id!,
      new_key_id: fields.new_key_id,
      opened_at: fields.opened_at,
      epoch: this.trustEpoch,
      statement: this.statements.at(-1)!.text,
      ...members,
    };
  }

  /** What someone who holds a former key would claim to come after the last statement. */
  async forgedRotation(leaked: TestKey, next: TestKey, now: Date): Promise<SigningKeyRotated> {
    const closesAt = new Date(now.getTime() + 60_000).toISOString();
    const fields: Statement = {
      type: 'rotate',
      scope: this.scope,
      epoch: this.epoch + 1,
      old_key_id: leaked.keyId,
      old_public_key: publicText(leaked.privateKey),
      new_key_id: next.keyId,
      new_public_key: publicText(next.privateKey),
      opened_at: now.toISOString(),
      closes_at: closesAt,
      transition_expires: closesAt,
      previous: this.statementHash,
    };
    const { scope, epoch, new_key_id, opened_at } = fields;
    const keys = { current: fields.new_public_key, previous: publicText(leaked.privateKey) };
    const statement = await signStatement(fields, leaked, next);
    return {
      ...keys,
      transition_expires: closesAt,
      scope,
      old_key_id: leaked.keyId,
      new_key_id,
      opened_at,
      epoch,
      statement,
    };
  }

  rotatedEvent(now: Date, fields: EventFields = {}): string {
    const payload = this.rotatedPayload();
    return envelopeBy(this.lastRotation!.old, this.scope, now, {
      eventType: 'signing_key_rotated',
      payload,
      ...fields,
    });
  }

  /** Of this ring, which is the platform's, for the Nodes of `domain`. */
  platformRotatedEvent(domain: TestRing, now: Date, fields: EventFields = {}): string {
    const { transition_expires, statement, epoch } = this.rotatedPayload();
    const payload: PlatformKeyRotated = { epoch, transition_expires, statement };
    return envelopeBy(domain.active, domain.scope, now, { eventType: 'platform_key_rotated', payload, ...fields });
  }

  statementsSince(epoch: number): string[] {
    return this.statements.filter((statement) => statement.epoch > epoch).map(({ text }) => text);
  }

  anchor(): TrustAnchor {
    const keys = this.keys.map(({ key, notAfter }): BundleKey => {
      const entry = { key_id: key.keyId, public_key: publicText(key.privateKey) };
      return notAfter === undefined ? entry : { ...entry, not_after: notAfter.toISOString() };
    });
    const head = { active_key_id: this.active.keyId, statement_hash: this.statementHash };
    return { epoch: this.epoch, trust_epoch: this.trustEpoch, keys, ...head };
  }

  private async state(
    fields: Pick<Statement, 'type' | 'scope' | 'epoch' | 'old_key_id' | 'old_public_key'>,
    authority: TestKey,
    next: TestKey,
    now: Date,
    closesAt: Date | null,
  ): Promise<Statement> {
    const statement: Statement = {
      ...fields,
      new_key_id: next.keyId,
      new_public_key: publicText(next.privateKey),
      opened_at: now.toISOString(),
      closes_at: closesAt?.toISOString() ?? null,
      transition_expires: closesAt?.toISOString() ?? null,
      previous: this.statements.length === 0 ? null : this.statementHash,
    };
    this.statements.push({ text: await signStatement(statement, authority, next), epoch: fields.epoch });
    return statement;
  }
}

/** The platform's ring, a Domain's, the recovery key: all that a Node's three anchors speak of. */
export class TestMesh {
  readonly nodeId = randomUUID();

  private constructor(
    readonly recovery: TestKey,
    readonly platform: TestRing,
    readonly ring: TestRing,
  ) {}

  /** With `scope` platform there is one ring for both. */
  static async create(now: Date, scope = `domain:${randomUUID()}`): Promise<TestMesh> {
    const recovery = testKey('recovery');
    const platform = await TestRing.create(PLATFORM, 'platform-1', recovery, now);
    const ring = scope === PLATFORM ? platform : await TestRing.create(scope, 'key-1', platform.active, now);
    return new TestMesh(recovery, platform, ring);
  }

  bundle(
    now: Date,
    by: TestKey = this.platform.active,
    anchor: TrustAnchor = this.ring.anchor(),
    platform: TrustAnchor = this.platform.anchor(),
  ): Promise<string> {
    const bundle = {
      scope: this.ring.scope,
      ...anchor,
      platform,
      recovery_public_key: publicText(this.recovery.privateKey),
      issued_at: now.toISOString(),
      expires_at: new Date(now.getTime() + 3_600_000).toISOString(),
    };
    return signBundle(bundle, by);
  }

  /** A chain message, whole unless members are replaced. */
  async chain(now: Date, since: { epoch: number; platformEpoch: number }, members: object = {}): Promise<string> {
    const isPlatforms = this.ring === this.platform;
    return JSON.stringify({
      platform_statements: this.platform.statementsSince(isPlatforms ? since.epoch : since.platformEpoch),
      statements: isPlatforms ? [] : this.ring.statementsSince(since.epoch),
      bundle: await this.bundle(now),
      ...members,
    });
  }

  /** Everything that is not named here is as if the Node had everything. `members` replaces members of the payload. */
  ready(
    now: Date,
    helloId: string,
    members: Partial<StreamReady> = {},
    fields: EventFields & { by?: TestKey } = {},
  ): string {
    const { by = this.ring.active, ...others } = fields;
    const payload: StreamReady = {
      node_id: this.nodeId,
      hello_id: helloId,
      epoch: this.ring.epoch,
      platform_epoch: this.platform.epoch,
      resumes_after: 0,
      last_position: 0,
      ...members,
    };
    const eventId = `${this.nodeId}/${randomUUID()}`;
    return envelopeBy(by, this.ring.scope, now, { eventType: 'stream_ready', eventId, payload, ...others });
  }

  /** An enrolment file's text. */
  async enrolment(now: Date, members: object = {}): Promise<string> {
    return JSON.stringify({
      node_id: this.nodeId,
      scope: this.ring.scope,
      name: 'node-1',
      servers: ['127.0.0.1:4222'],
      bus_credential: 'no credential',
      bundle: await this.bundle(now),
      ...members,
    });
  }
}
