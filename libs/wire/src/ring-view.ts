import type { AlgorithmName } from './algorithms';
import type { Scope } from './scope';

/** Of a key of another service. */
export interface ForeignKey {
  /** What its tokens call it; null where they name no key. */
  kid: string | null;
}

/** A key as its ring shows it. `staged → active ⇄ retiring → retired`, `revoked` from any state. */
export interface KeyView {
  key_id: string;
  state: 'staged' | 'active' | 'retiring' | 'retired' | 'revoked';
  algorithm: AlgorithmName;
  /** As its algorithm writes it (Ed25519: standard base64, padded, of the raw 32 bytes); null where it has none. */
  public_key: string | null;
  /** When a key that retires or is staged verifies no more; null where no end is known. */
  verifies_until: string | null;
  /** Of a key without a public half: what is compared in its place (checkValue). */
  check_value?: string;
  /** Where another service has its private half, and no signer of ours; absent or null of a key that we made. */
  foreign?: ForeignKey | null;
}

/** Which key gives way to which, and when. Times are RFC 3339, UTC. */
export interface RotationView {
  old_key_id: string;
  new_key_id: string;
  opened_at: string;
  closes_at: string;
}

export interface TransitionView extends RotationView {
  /** As the transition's statement says it: until when a verifier that hears nothing more takes the old key. */
  transition_expires: string;
  /** null while open. */
  outcome: 'closed' | 'rolled_back' | 'revoked' | null;
  /** Of a channel's: since when the new key signs; null while it is staged. Absent of any other. */
  activated_at?: string | null;
}

/** Who holds a channel's secrets. */
export interface MemberView {
  node_id: string;
  side: string;
  /** X25519, standard base64 of 32 bytes. */
  sealing_key: string;
}

/** What an issuer's tokens are. */
export interface IssuerView {
  /** `iss`, to the byte. */
  url: string;
  /** No token is signed for longer. */
  longest_token_seconds: number;
}

/**
 * A key ring as rotation hands it to those who sign and serve by it. Retired and revoked keys are not in `keys`:
 * nothing that we serve names them.
 */
export interface RingView {
  scope: Scope;
  epoch: number;
  trust_epoch: number;
  keys: KeyView[];
  /** The latest transition, open or ended; null before the first. */
  transition: TransitionView | null;
  /**
   * The head: the ring's last statement, a General JWS as JSON text, base64url(SHA-256(its payload)) and its epoch. Where a
   * key of the ring has no public half that it could speak of, the two are null, and the epoch is the trust epoch.
   */
  statement: string | null;
  statement_hash: string | null;
  head_epoch: number;
  /** The hash of the key made ahead that the head commits to; null where rings of this kind do not. */
  next: string | null;
  /** null of a ring whose keys sign no tokens. */
  issuer: IssuerView | null;
  /** Of a channel's ring, both sides: secrets are sealed to these and to nobody else. Absent of any other. */
  members?: MemberView[];
}
