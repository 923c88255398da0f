/** What a Node holds: three anchors of trust, and how far it has come on its stream. Immutable; each change is a copy. */
import { PLATFORM, publicKeyFromRaw, type Scope, type TrustedKey } from '@plexsphere/wire';
import type { BundleKey, ChainAnchor, TrustAnchor, TrustBundle } from '@plexsphere/wire/jws';

export interface TrustState {
  nodeId: string;
  scope: Scope;
  /** The scope's own keys, newest trusted first. Of a Node in `platform` the same as `platform`. */
  ring: ChainAnchor;
  platform: ChainAnchor;
  /** Standard base64, padded, of the raw 32 bytes. */
  recoveryPublicKey: string;
  /** The highest position applied; 0 before the first. */
  position: number;
  /** The most recent ones, oldest first. */
  appliedEventIds: readonly string[];
}

/**
 * How many event ids are kept against duplicates. Position and epoch catch old ones anyway; the ids catch what is sent
 * again at once, of which there is at most one message in flight.
 */
const APPLIED_EVENT_IDS = 1_000;

export const trustAtEnrolment = (nodeId: string, bundle: TrustBundle): TrustState => ({
  nodeId,
  scope: bundle.scope,
  ring: anchorOf(bundle, bundle.issued_at),
  platform: anchorOf(bundle.platform, bundle.issued_at),
  recoveryPublicKey: bundle.recovery_public_key,
  position: 0,
  appliedEventIds: [],
});

const anchorOf = (anchor: TrustAnchor, issuedAt: string): ChainAnchor => ({
  keys: anchor.keys.map(keyOf),
  activeKeyId: anchor.active_key_id,
  statementHash: anchor.statement_hash,
  epoch: anchor.epoch,
  issuedAt: new Date(issuedAt),
});

export const keyOf = ({ key_id, public_key, not_after }: BundleKey): TrustedKey => ({
  keyId: key_id,
  publicKey: publicKeyFromRaw(public_key),
  ...(not_after !== undefined && { notAfter: new Date(not_after) }),
});

/** Those that verify at `now`: strictly before their `notAfter`. */
export const trustedKeys = (anchor: ChainAnchor, now: Date): TrustedKey[] =>
  anchor.keys.filter(({ notAfter }) => notAfter === undefined || now < notAfter);

/** A Node in `platform` has one ring in two places: they never differ. */
export const withRing = (state: TrustState, ring: ChainAnchor): TrustState => ({
  ...state,
  ring,
  platform: state.scope === PLATFORM ? ring : state.platform,
});

export const withPlatform = (state: TrustState, platform: ChainAnchor): TrustState => ({
  ...state,
  platform,
  ring: state.scope === PLATFORM ? platform : state.ring,
});

/** The event is dealt with. `position` is that of an ordinary one. */
export const recorded = (state: TrustState, eventId: string, position = state.position): TrustState => ({
  ...state,
  position: Math.max(state.position, position),
  appliedEventIds: [...state.appliedEventIds, eventId].slice(-APPLIED_EVENT_IDS),
});
