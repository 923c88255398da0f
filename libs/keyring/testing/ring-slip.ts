/** For specs: a model of one ring, as small as can be, and enough to say what each command must answer. */
import fc from 'fast-check';
import type { KeyRing } from '../src/key-ring';
import { recommitRing, recoverRing } from '../src/recommit';
import type { RefusalCode } from '../src/refusal';
import { revokeKey } from '../src/revoke';
import type { RingChange } from '../src/ring-change';
import { rollbackRotation, settleRollback } from '../src/rollback';
import { closeRotation, openRotation } from '../src/rotation';
import { scopePolicy } from '../src/scope-policy';
import { stageKey, unstageKey } from '../src/stage';
import type { Transition, TransitionOutcome } from '../src/transition';

const OVERLAP_MS = 10_000;
const PROPAGATION_MS = 1_000;
const SETTLING = { stalenessMs: 1_000, relayLagMs: 500, clockSkewMs: 500 };
const SETTLING_MS = 2_000;

/** A small pool, so that key ids are used again and again. */
const keyId = fc.constantFrom('k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9');

/** Names what is open, staged or active rightly, which chance seldom does. */
const THAT = 'that one';
const named = fc.oneof({ weight: 1, arbitrary: keyId }, { weight: 7, arbitrary: fc.constant(THAT) });

export type Command =
  | { verb: 'rotate'; newKeyId: string; overlapWindowMs: number; force: boolean }
  | { verb: 'stage'; newKeyId: string; rotateByMs: number }
  | { verb: 'unstage'; keyId: string }
  | { verb: 'close' | 'rollback'; oldKeyId: string; newKeyId: string }
  | { verb: 'settle' | 'recommit' | 'recovery' }
  | { verb: 'revoke'; keyId: string; newKeyId: string; discardStaged: boolean }
  | { verb: 'wait'; ms: number };

const constant = <const T>(value: T) => fc.constant(value);

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      verb: constant('rotate'),
      newKeyId: named,
      overlapWindowMs: fc.constantFrom(...[1, 1, 1, 1, 3, 3].map((times) => times * OVERLAP_MS), 0, 0.5),
      force: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ verb: constant('stage'), newKeyId: keyId, rotateByMs: fc.constantFrom(5_000, 5_000, 500) }),
  },
  { weight: 2, arbitrary: fc.record({ verb: constant('unstage'), keyId: named }) },
  { weight: 4, arbitrary: fc.record({ verb: constant('close'), oldKeyId: named, newKeyId: named }) },
  { weight: 4, arbitrary: fc.record({ verb: constant('rollback'), oldKeyId: named, newKeyId: named }) },
  {
    weight: 5,
    arbitrary: fc.record({ verb: fc.constantFrom('settle', 'settle', 'settle', 'settle', 'recommit', 'recovery') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ verb: constant('revoke'), keyId: named, newKeyId: keyId, discardStaged: fc.boolean() }),
  },
  { weight: 9, arbitrary: fc.record({ verb: constant('wait'), ms: fc.constantFrom(400, 1_000, 2_000, 2_000, 5_000) }) },
);

export interface Slip {
  nowMs: number;
  active: string;
  staged: { keyId: string; atMs: number; rotateByMs: number } | null;
  open: { oldKeyId: string; newKeyId: string; expiresMs: number } | null;
  settling: { keyId: string; untilMs: number } | null;
  outcome: TransitionOutcome | null;
  used: Set<string>;
  gone: Set<string>;
  revoked: Set<string>;
  epoch: number;
  trustEpoch: number;
}

export const newSlip = (active: string): Slip => ({
  ...{ nowMs: 0, active, staged: null, open: null, settling: null, outcome: null },
  ...{ used: new Set([active]), gone: new Set(), revoked: new Set(), epoch: 1, trustEpoch: 1 },
});

const isPropagated = ({ staged, nowMs }: Slip): boolean => staged !== null && nowMs >= staged.atMs + PROPAGATION_MS;
const isExpired = ({ staged, nowMs }: Slip): boolean => staged !== null && nowMs >= staged.rotateByMs;

/** What `THAT` stands for; a name that is nobody's where there is nothing to name. */
const stagedOf = (slip: Slip, name: string): string => (name === THAT ? (slip.staged?.keyId ?? 'nobody') : name);

function transitionOf(slip: Slip, names: { oldKeyId: string; newKeyId: string }) {
  const name = (which: 'oldKeyId' | 'newKeyId') => (names[which] === THAT ? (slip.open?.[which] ?? 'x') : names[which]);
  return { oldKeyId: name('oldKeyId'), newKeyId: name('newKeyId') };
}

/** Of a rotation to THAT where nothing is staged, a key that never was. */
const rotatedTo = (slip: Slip, name: string): string =>
  name === THAT ? (slip.staged?.keyId ?? `n${slip.epoch}`) : name;
const revokedOf = (slip: Slip, name: string): string => (name === THAT ? slip.active : name);

const underWay = (slip: Slip): RefusalCode | undefined =>
  slip.open !== null ? 'rotation_in_progress' : slip.settling !== null ? 'rollback_settling' : undefined;

export function expectedRefusal(slip: Slip, command: Command): RefusalCode | undefined {
  switch (command.verb) {
    case 'rotate': {
      const to = rotatedTo(slip, command.newKeyId);
      if (command.overlapWindowMs <= 0 || command.overlapWindowMs % 1 !== 0) return 'invariant_violation';
      const busy = underWay(slip);
      if (busy !== undefined) return busy;
      if (slip.staged === null) return slip.used.has(to) ? 'key_id_in_use' : undefined;
      if (slip.staged.keyId !== to) return 'another_key_is_staged';
      if (isExpired(slip)) return 'staged_key_expired';
      return isPropagated(slip) || command.force ? undefined : 'not_propagated_yet';
    }
    case 'stage':
      if (command.rotateByMs <= PROPAGATION_MS) return 'invariant_violation';
      if (underWay(slip) !== undefined) return underWay(slip);
      if (slip.staged !== null) return 'another_key_is_staged';
      return slip.used.has(command.newKeyId) ? 'key_id_in_use' : undefined;
    case 'unstage':
      return slip.staged === null || slip.staged.keyId !== stagedOf(slip, command.keyId) ? 'key_not_staged' : undefined;
    case 'close':
    case 'rollback': {
      if (slip.open === null) return 'no_open_rotation';
      const { oldKeyId, newKeyId } = transitionOf(slip, command);
      if (oldKeyId !== slip.open.oldKeyId || newKeyId !== slip.open.newKeyId) return 'transition_mismatch';
      return command.verb === 'rollback' && slip.nowMs >= slip.open.expiresMs ? 'recovery_key_needed' : undefined;
    }
    case 'settle':
      if (slip.settling === null) return 'no_open_rotation';
      return slip.nowMs < slip.settling.untilMs ? 'rollback_settling' : undefined;
    case 'revoke': {
      const keyId = revokedOf(slip, command.keyId);
      if (!slip.used.has(keyId)) return 'unknown_key';
      if (slip.revoked.has(keyId)) return 'key_revoked';
      if (slip.gone.has(keyId)) return 'key_retired';
      if (keyId !== slip.active || takesOver(slip, command)) return undefined;
      return slip.used.has(command.newKeyId) ? 'key_id_in_use' : undefined;
    }
    default:
      return undefined;
  }
}

const takesOver = (slip: Slip, { discardStaged }: { discardStaged: boolean }): boolean =>
  !discardStaged && isPropagated(slip) && !isExpired(slip);

/** What an accepted command changes. */
export function note(slip: Slip, command: Command): void {
  slip.epoch += 1;
  if (!['close', 'settle', 'recommit', 'recovery'].includes(command.verb)) slip.trustEpoch = slip.epoch;
  const { open, active } = slip;
  switch (command.verb) {
    case 'rotate': {
      const to = rotatedTo({ ...slip, epoch: slip.epoch - 1 }, command.newKeyId);
      const announcedMs = slip.staged === null ? Infinity : slip.staged.rotateByMs + OVERLAP_MS;
      const expiresMs = Math.min(slip.nowMs + command.overlapWindowMs, announcedMs);
      Object.assign(slip, {
        open: { oldKeyId: active, newKeyId: to, expiresMs },
        active: to,
        staged: null,
        outcome: null,
      });
      slip.used.add(to);
      return;
    }
    case 'stage':
      slip.used.add(command.newKeyId);
      slip.staged = { keyId: command.newKeyId, atMs: slip.nowMs, rotateByMs: slip.nowMs + command.rotateByMs };
      return;
    case 'unstage':
      slip.gone.add(slip.staged!.keyId);
      slip.staged = null;
      return;
    case 'close':
      slip.gone.add(open!.oldKeyId);
      Object.assign(slip, { open: null, outcome: 'closed' });
      return;
    case 'rollback':
      slip.settling = { keyId: active, untilMs: slip.nowMs + SETTLING_MS };
      Object.assign(slip, { open: null, active: open!.oldKeyId, outcome: 'rolled_back' });
      return;
    case 'settle':
      slip.gone.add(slip.settling!.keyId);
      slip.settling = null;
      return;
    case 'revoke':
      return noteRevoke(slip, command);
    default:
  }
}

function noteRevoke(slip: Slip, command: Command & { verb: 'revoke' }): void {
  const keyId = revokedOf(slip, command.keyId);
  const held = [slip.active, slip.staged?.keyId, slip.open?.oldKeyId, slip.settling?.keyId];
  if (keyId === slip.active) slip.active = takesOver(slip, command) ? slip.staged!.keyId : command.newKeyId;
  slip.used.add(slip.active);
  for (const other of held) if (other !== undefined && other !== slip.active) slip.gone.add(other);
  slip.revoked.add(keyId);
  if (slip.open !== null) slip.outcome = 'revoked';
  Object.assign(slip, { open: null, staged: null, settling: null });
}

/** The same command, to the domain. @throws Refusal */
export function run(
  ring: KeyRing,
  transition: Transition | null,
  slip: Slip,
  command: Exclude<Command, { verb: 'wait' }>,
): RingChange {
  const at = new Date(slip.nowMs);
  const policy = scopePolicy(ring.scope.split(':')[0]);
  const spans = { overlapWindowMs: OVERLAP_MS, clockSkewMs: 0, propagationDelayMs: PROPAGATION_MS };
  switch (command.verb) {
    case 'rotate': {
      const newKeyId = rotatedTo(slip, command.newKeyId);
      return openRotation(ring, transition, { ...spans, ...command, newKeyId, openedAt: at }, policy);
    }
    case 'stage': {
      const rotateBy = new Date(slip.nowMs + command.rotateByMs);
      return stageKey(ring, transition, { ...spans, ...command, stagedAt: at, rotateBy }, policy);
    }
    case 'unstage':
      return unstageKey(ring, transition, { keyId: stagedOf(slip, command.keyId) });
    case 'close':
      return closeRotation(ring, transition, transitionOf(slip, command));
    case 'rollback':
      return rollbackRotation(ring, transition, { ...transitionOf(slip, command), ...SETTLING, at }, policy);
    case 'settle':
      return settleRollback(ring, transition, at);
    case 'recommit':
      return recommitRing(ring, transition);
    case 'recovery':
      return recoverRing(ring, transition, { oldKeyId: 'recovery-1', newKeyId: 'recovery-2' }, policy);
    case 'revoke':
      return revokeKey(ring, transition, { ...spans, ...command, keyId: revokedOf(slip, command.keyId), at }, policy);
  }
}
