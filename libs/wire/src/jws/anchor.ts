/** What a verifier holds of one ring: whom it trusts, and from where it follows what comes. */
import { publicKeyFromText, type PublicKey } from '../algorithms';
import type { TrustedKey } from '../envelope';
import type { RingView } from '../ring-view';
import { JwsError } from './jws-error';
import type { BundleKey, TrustAnchor } from './trust-bundle';

export interface ChainAnchor {
  /** Newest trusted first: the active one, and one beside it that verifies until its end. */
  keys: TrustedKey[];
  /** The one key that may say what follows: no staged key may, and no retiring one, which may have leaked. */
  activeKeyId: string;
  /** The one beside it, if it is one that will sign; null where it is one that did, or where there is none. */
  stagedKeyId: string | null;
  /** keyHash of the one key that may come in next by the ring's own authority. */
  next: string | null;
  /** The head: of the last statement taken. */
  statementHash: string;
  /** Of the head's statement: since then the active key signs. */
  headEpoch: number;
  /** Of the last statement that the ring's superior vouched for, or of the head that was believed at enrolment. */
  superiorEpoch: number;
  /** A number for progress. What follows what, the hashes say. */
  epoch: number;
  /** Of the latest bundle that was taken for this ring; undefined until there is one. */
  issuedAt?: Date;
  /** When its head's statement says that it was made; undefined of a head that a bundle named at enrolment. */
  openedAt?: Date;
}

/** For someone who reads the anchor only: it is never without its active key. */
export function activeKeyOf(anchor: Pick<ChainAnchor, 'keys' | 'activeKeyId'>): TrustedKey {
  const active = anchor.keys.find(({ keyId }) => keyId === anchor.activeKeyId);
  if (active === undefined) throw new JwsError('unknown_key');
  return active;
}

/** What a bundle says, believed as it stands: at enrolment, where the channel that brought it is what is trusted. */
export const anchorOfBundle = (anchor: TrustAnchor, issuedAt: string): ChainAnchor => ({
  keys: anchor.keys.map(trustedKeyOf),
  activeKeyId: anchor.active_key_id,
  stagedKeyId: anchor.staged_key_id,
  next: anchor.next,
  statementHash: anchor.statement_hash,
  headEpoch: anchor.head_epoch,
  superiorEpoch: anchor.head_epoch,
  epoch: anchor.epoch,
  issuedAt: new Date(issuedAt),
});

export const trustedKeyOf = ({ key_id, public_key, not_after }: BundleKey): TrustedKey => ({
  keyId: key_id,
  publicKey: publicKeyFromText(public_key),
  ...(not_after !== undefined && { notAfter: new Date(not_after) }),
});

/** A ring as its owner sees it, for those who make what follows it. Throws JwsError `unknown_key` for one without statements. */
export function anchorOfRing(ring: RingView): ChainAnchor {
  const keyIn = (state: string): string | undefined => ring.keys.find((key) => key.state === state)?.key_id;
  const activeKeyId = keyIn('active');
  if (activeKeyId === undefined || ring.statement_hash === null) throw new JwsError('unknown_key');
  return {
    keys: ring.keys.map(({ key_id, public_key, algorithm, verifies_until }) => ({
      keyId: key_id,
      publicKey: publicKeyFromText(public_key, algorithm),
      ...(verifies_until !== null && { notAfter: new Date(verifies_until) }),
    })),
    activeKeyId,
    stagedKeyId: keyIn('staged') ?? null,
    next: ring.next,
    statementHash: ring.statement_hash,
    headEpoch: ring.head_epoch,
    superiorEpoch: ring.head_epoch,
    epoch: ring.epoch,
  };
}

/** Both name the same key, whatever it is called. */
export const isSameKey = (one: TrustedKey, other: TrustedKey): boolean => isKey(one, other.keyId, other.publicKey.text);

export const isKey = (
  key: { keyId: string; publicKey: PublicKey },
  keyId: string | null,
  text: string | null,
): boolean => key.keyId === keyId && key.publicKey.text === text;
