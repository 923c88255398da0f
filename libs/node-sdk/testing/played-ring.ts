/** A ring of a channel as signers have it, and what they would tell its members. For specs only. */
import { randomBytes, randomUUID } from 'node:crypto';
import { envelopeBy, type EventFields, type TestKey } from '@plexsphere/testkit';
import {
  CHANNEL_KEYS_CHANGED,
  channelDirection,
  channelProof,
  checkValue,
  makeSealingPair,
  sealSecret,
  type ChannelKey,
  type ChannelKeysChanged,
  type Scope,
} from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import type { TestMesh } from './test-mesh';

export interface PlayedKey {
  keyId: string;
  secret: Buffer;
  state: 'staged' | 'active' | 'retiring';
  verifiesUntil: Date | null;
}

/** Whom secrets are sealed to. */
export interface PlayedMember {
  nodeId: string;
  side: string;
  sealing: ReturnType<typeof makeSealingPair>;
}

export const playedMember = (nodeId: string, side: string): PlayedMember => ({
  ...{ nodeId, side },
  sealing: makeSealingPair(),
});

export const BESIDE_SECONDS = 300;

export class PlayedRing {
  epoch = 1;
  /** Newest first. */
  keys: PlayedKey[];
  private named = 1;

  constructor(readonly scope: Scope) {
    this.keys = [{ keyId: 'key-1', secret: randomBytes(32), state: 'active', verifiesUntil: null }];
  }

  get active(): PlayedKey {
    return this.keys.find(({ state }) => state === 'active')!;
  }

  stage(): PlayedKey {
    const key: PlayedKey = {
      keyId: `key-${(this.named += 1)}`,
      ...{ secret: randomBytes(32), state: 'staged', verifiesUntil: null },
    };
    this.keys = [key, ...this.keys.filter(({ state }) => state === 'active')];
    this.epoch += 1;
    return key;
  }

  activate(verifiesUntil: Date): void {
    for (const key of this.keys) {
      if (key.state === 'active') Object.assign(key, { state: 'retiring', verifiesUntil });
      else if (key.state === 'staged') key.state = 'active';
    }
    this.epoch += 1;
  }

  /** In the overlap: the old one signs again. */
  rollBack(verifiesUntil: Date): void {
    for (const key of this.keys) {
      if (key.state === 'active') Object.assign(key, { state: 'retiring', verifiesUntil });
      else if (key.state === 'retiring') Object.assign(key, { state: 'active', verifiesUntil: null });
    }
    this.epoch += 1;
  }

  /** The active one alone is left. */
  close(): void {
    this.keys = [this.active];
    this.epoch += 1;
  }

  /** Another one signs at once, and the one that did is gone. */
  revoke(): void {
    const key = this.stage();
    key.state = 'active';
    this.keys = [key];
  }

  payload(member: PlayedMember, over: Partial<ChannelKeysChanged> = {}): ChannelKeysChanged {
    const { scope, epoch } = this;
    const isSender = channelDirection(scope)?.from === member.side;
    const keys = this.keys.filter(({ state }) => !isSender || state !== 'staged');
    const names = { scope, epoch, node_id: member.nodeId, side: member.side };
    return { ...names, keys: keys.map((key) => this.keyOf(key, member, isSender ? 'sign' : 'verify')), ...over };
  }

  /** An envelope of the platform's. */
  event(mesh: TestMesh, member: PlayedMember, now: Date, over: Told = {}): string {
    const { payload = this.payload(member), by = mesh.platform.active, ...fields } = over;
    const eventId = `${member.nodeId}/${randomUUID()}`;
    return envelopeBy(by, mesh.platform.scope, now, { eventType: CHANNEL_KEYS_CHANGED, eventId, payload, ...fields });
  }

  /** The key ids that a report proves, as rotation would see it. */
  provenBy({ keys, epoch }: Pick<ReportedRing, 'keys' | 'epoch'>, nodeId: string): string[] {
    return keys
      .filter(({ key_id, proof }) => {
        const key = this.keys.find(({ keyId }) => keyId === key_id);
        return (
          key !== undefined && channelProof(key.secret, { scope: this.scope, keyId: key_id, epoch, nodeId }) === proof
        );
      })
      .map(({ key_id }) => key_id);
  }

  private keyOf(
    { keyId, secret, state, verifiesUntil }: PlayedKey,
    member: PlayedMember,
    use: ChannelKey['use'],
  ): ChannelKey {
    const named = { scope: this.scope, keyId, epoch: this.epoch, nodeId: member.nodeId };
    const isActive = state === 'active';
    return {
      key_id: keyId,
      algorithm: 'HS256',
      ...{ use, active: isActive },
      beside_seconds: use === 'sign' && !isActive ? BESIDE_SECONDS : null,
      verifies_until: verifiesUntil?.toISOString() ?? null,
      check_value: checkValue(secret, this.scope, keyId),
      secret: sealSecret(secret, member.sealing.publicKey, named),
    };
  }
}

interface Told extends EventFields {
  by?: TestKey;
}
