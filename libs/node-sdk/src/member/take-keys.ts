/**
 * What comes of `channel_keys_changed`, a function from what the member holds to what it holds then. The envelope was
 * verified as the platform's; what it says is still held against the member's own names, each secret against its own
 * names and its check value. All of a text is taken, or nothing of it.
 */
import {
  ChannelError,
  channelDirection,
  checkValue,
  isSameMac,
  readKeysChanged,
  unsealSecret,
  type ChannelErrorCode,
  type ChannelKey,
  type ChannelKeysChanged,
  type Scope,
} from '@plexsphere/wire';
import type { ChannelEnrolment } from '../enrolment/enrolment';
import { parseObject } from '../json-members';
import type { HeldKey, HeldRing } from './held-ring';

/** Who the member is. */
export interface MemberNames extends Pick<ChannelEnrolment, 'slug' | 'side' | 'sealingPrivateKey'> {
  nodeId: string;
}

export type KeysOutcome =
  | { kind: 'taken'; rings: readonly HeldRing[]; ring: HeldRing }
  /** Of an epoch that the member holds, or of an earlier one. */
  | { kind: 'superseded' }
  /** `scope`: of a ring that the member holds, where the text got so far. */
  | { kind: 'refused'; reason: ChannelErrorCode; scope?: Scope };

export function takeKeys(rings: readonly HeldRing[], payload: string, names: MemberNames, now: Date): KeysOutcome {
  let held: HeldRing | undefined;
  try {
    const told = readKeysChanged(parseObject(payload));
    requireOurs(told, names, rings);
    held = rings.find(({ scope }) => scope === told.scope);
    // Also of a ring whose keys are all over: what was left behind never comes back.
    if (held !== undefined && told.epoch <= held.epoch) return { kind: 'superseded' };
    const ring = ringOf(told, names, held, now);
    return { kind: 'taken', rings: [...rings.filter(({ scope }) => scope !== told.scope), ring], ring };
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return { kind: 'refused', reason: error.code, ...(held !== undefined && { scope: held.scope }) };
  }
}

/** @throws ChannelError `other_names`. A member has two rings, so none is kept of a third. */
function requireOurs(told: ChannelKeysChanged, names: MemberNames, rings: readonly HeldRing[]): void {
  const other = otherSide(told.scope, names);
  // Of a Node that is at neither side any more nobody knows at which it was.
  const isSide = told.side === names.side || told.keys.length === 0;
  const isThird = rings.some((ring) => otherSide(ring.scope, names) !== other);
  if (told.node_id !== names.nodeId || !isSide || other === undefined || isThird) throw new ChannelError('other_names');
}

/** Undefined for a ring of another channel, or between two others. */
function otherSide(scope: Scope, { slug, side }: Pick<MemberNames, 'slug' | 'side'>): string | undefined {
  const direction = channelDirection(scope);
  if (direction?.slug !== slug) return undefined;
  if (direction.from === side) return direction.to;
  return direction.to === side ? direction.from : undefined;
}

/** What is kept of another channel, or from another side, is not this member's. */
export function ownRings(rings: readonly HeldRing[], channel: ChannelEnrolment | undefined): readonly HeldRing[] {
  const isOwn = ({ scope }: HeldRing): boolean => channel !== undefined && otherSide(scope, channel) !== undefined;
  return rings.every(isOwn) ? rings : rings.filter(isOwn);
}

/** @throws ChannelError */
function ringOf(told: ChannelKeysChanged, names: MemberNames, held: HeldRing | undefined, now: Date): HeldRing {
  const { scope, epoch } = told;
  const isOnce = new Set(told.keys.map(({ key_id }) => key_id)).size === told.keys.length;
  const active = told.keys.filter((key) => key.active);
  if (!isOnce || active.length > 1) throw new ChannelError('malformed');
  const keys = told.keys.map((key) => unsealed(key, { scope, epoch }, names));
  const signing = active[0]?.use === 'sign' ? active[0].key_id : undefined;
  if (signing === undefined) return { scope, epoch, keys, signsSince: null };
  const signedBefore = held?.keys.some(({ keyId, use, ...key }) => keyId === signing && use === 'sign' && key.active);
  return { scope, epoch, keys, signsSince: (signedBefore === true ? held?.signsSince : null) ?? now };
}

/** @throws ChannelError where it is not the secret that these names and its check value say */
function unsealed(
  key: ChannelKey,
  { scope, epoch }: Pick<ChannelKeysChanged, 'scope' | 'epoch'>,
  { nodeId, sealingPrivateKey }: MemberNames,
): HeldKey {
  const { key_id: keyId, use, active, beside_seconds: besideSeconds, verifies_until: end } = key;
  const secret = unsealSecret(key.secret, sealingPrivateKey, { scope, keyId, epoch, nodeId });
  if (!isSameMac(checkValue(secret, scope, keyId), key.check_value)) throw new ChannelError('other_check_value');
  return { keyId, secret, use, active, besideSeconds, verifiesUntil: end === null ? null : new Date(end) };
}
