/**
 * A chain message, walked: the platform's statements, then those of the verifier's own ring, which the platform's keys may
 * vouch for, then the bundle. Each ring by itself: what is refused of the own one keeps nothing of the platform's back.
 */
import { publicKeyFromText } from '../algorithms';
import type { TrustedKey } from '../envelope';
import { PLATFORM, type Scope } from '../scope';
import { activeKeyOf, isSameKey, trustedKeyOf, type ChainAnchor } from './anchor';
import { JwsError } from './jws-error';
import { verifyBundle, type TrustAnchor } from './trust-bundle';
import { activeAt, beginWalk, requireProven, walkOn, type Superior, type Walk } from './walk';

/** What a verifier holds. Of one in `platform` both anchors are of the one ring. */
export interface HeldRings {
  scope: Scope;
  platform: ChainAnchor;
  ring: ChainAnchor;
  /** Public text. */
  recoveryPublicKey: string;
}

/** Where the parts of a chain have led so far: material for the next part, and nothing else. */
export interface RingsWalk {
  readonly scope: Scope;
  readonly platform: Walk;
  /** Null for a verifier in `platform`; the refusal where its part does not fit. */
  readonly ring: Walk | JwsError | null;
}

export interface TakenRings {
  platform: ChainAnchor;
  /** The refusal where the own ring stays what it was. Of a verifier in `platform` the same as `platform`. */
  ring: ChainAnchor | JwsError;
  recoveryPublicKey: string;
}

export const beginRings = ({ scope, platform, ring, recoveryPublicKey }: HeldRings): RingsWalk => ({
  scope,
  platform: beginWalk(PLATFORM, platform, recoveryPublicKey),
  ring: scope === PLATFORM ? null : beginWalk(scope, ring, null),
});

/** Over one part. Throws JwsError where the platform's statements do not fit. */
export function walkRings(
  walk: RingsWalk,
  part: { platformStatements: readonly string[]; statements: readonly string[] },
): RingsWalk {
  const { scope, ring } = walk;
  const platform = walkOn(walk.platform, part.platformStatements, byRecoveryKey);
  if (ring === null || ring instanceof JwsError) return { scope, platform, ring };
  return { scope, platform, ring: orRefusal(() => walkOn(ring, part.statements, byPlatform(platform))) };
}

/** What is held once a bundle has shown that nothing came after. Throws JwsError where nothing at all is taken. */
export async function endRings({ scope, platform, ring }: RingsWalk, text: string, now: Date): Promise<TakenRings> {
  requireProven(platform);
  const bundle = await verifyBundle(text, [activeKeyOf(platform.anchor)], now);
  if (bundle.scope !== scope) throw new JwsError('wrong_scope');
  if (bundle.recovery_public_key !== platform.recoveryKey) throw new JwsError('bundle_foreign');
  const issuedAt = new Date(bundle.issued_at);
  const recoveryPublicKey = platform.recoveryKey;
  const confirmedPlatform = confirmed(platform, bundle.platform, issuedAt, now);
  const confirmedRing = (): ChainAnchor => {
    if (ring === null) return confirmedPlatform;
    if (ring instanceof JwsError) throw ring;
    requireProven(ring);
    return confirmed(ring, bundle, issuedAt, now);
  };
  return { platform: confirmedPlatform, ring: orRefusal(confirmedRing), recoveryPublicKey };
}

/** A recovery key has no name that a verifier would know. */
const byRecoveryKey: Superior = ({ recoveryKey }) => ({ publicKey: publicKeyFromText(recoveryKey) });

/** The platform's key that was active when the statement was made, wherever the platform stands by now. */
const byPlatform =
  (platform: Walk): Superior =>
  (_, { statement }) =>
    statement.authority_epoch === null ? undefined : activeAt(platform, statement.authority_epoch);

/**
 * The head must be named, else a chain cut short would pass; and with it what its statement says. Of the keys none comes in
 * that no statement proves: so a platform key alone cannot put one into a Domain, nor bring back a retired one. Of those
 * that do not sign the staged one stays, since a statement will make it sign; a retiring one that is not named goes, and
 * one that stays ends when its statement says so. No number is a reason to refuse: of two bundles for one head the later
 * one gives the epoch, so that a wrong one heals.
 */
function confirmed(walk: Walk, claimed: TrustAnchor, issuedAt: Date, now: Date): ChainAnchor {
  const { from, anchor, isReplaced } = walk;
  if (isReplaced && isOvertaken(issuedAt, from, now)) throw new JwsError('bundle_stale');
  const named = claimed.keys.map(trustedKeyOf);
  const isNamed = (key: TrustedKey): boolean => named.some((other) => isSameKey(key, other));
  const staged = anchor.keys.find(({ keyId }) => keyId === anchor.stagedKeyId);
  const isStagedRight = claimed.staged_key_id === anchor.stagedKeyId && (staged === undefined || isNamed(staged));
  const saysTheSame =
    claimed.statement_hash === anchor.statementHash &&
    claimed.next === anchor.next &&
    claimed.active_key_id === anchor.activeKeyId &&
    isNamed(activeKeyOf(anchor)) &&
    (isStagedRight || (claimed.staged_key_id === null && isOver(staged, issuedAt)));
  if (!saysTheSame) throw new JwsError('bundle_foreign');
  const keys = anchor.keys.filter((key) => isNamed(key) || key === staged);
  const isLater =
    anchor.statementHash !== from.statementHash || from.issuedAt === undefined || issuedAt >= from.issuedAt;
  return isLater ? { ...anchor, keys, epoch: claimed.epoch, issuedAt } : { ...anchor, keys };
}

/**
 * Whether a bundle that would replace the anchor is older than the one that the anchor was confirmed by, or than its head,
 * which an announcement may have brought: shown again, an earlier revoke would undo what came after it, and bring back for
 * good a key that was about to go. What is from the future holds nothing up: a thief's may be.
 */
const isOvertaken = (issuedAt: Date, { issuedAt: confirmedAt, openedAt }: ChainAnchor, now: Date): boolean =>
  [confirmedAt, openedAt].some((at) => at !== undefined && at <= now && issuedAt < at);

/** A staged key whose time is over is named by nobody any more, and stays until a statement takes it back. */
const isOver = (staged: TrustedKey | undefined, at: Date): boolean =>
  staged?.notAfter !== undefined && staged.notAfter <= at;

function orRefusal<T>(take: () => T): T | JwsError {
  try {
    return take();
  } catch (error) {
    if (error instanceof JwsError) return error;
    throw error;
  }
}
