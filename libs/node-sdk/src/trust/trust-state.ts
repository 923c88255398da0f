/**
 * What a Node holds: three anchors of trust, and how far it has come on its stream. Each change is a copy. Which signature
 * vouches for which member: docs/chain.md.
 */
import { PLATFORM, type Scope, type TrustedKey } from '@plexsphere/wire';
import { anchorOfBundle, type ChainAnchor, type TrustBundle } from '@plexsphere/wire/jws';
import type { HeldRing } from '../member/held-ring';
import { AppliedEvents } from './applied-events';

export interface TrustState {
  nodeId: string;
  scope: Scope;
  /** The scope's own keys, newest trusted first. Of a Node in `platform` the same as `platform`. */
  ring: ChainAnchor;
  platform: ChainAnchor;
  /** Standard base64, padded, of the raw 32 bytes. */
  recoveryPublicKey: string;
  /** Up to where everything is settled: what a signed `stream_ready` said, and one more for each event applied. */
  position: number;
  /** The one part that grows in place: it may hold an event that `position` does not count yet, never the other way. */
  applied: AppliedEvents;
  /** Of a channel's member: its two rings, secrets among them. */
  rings: readonly HeldRing[];
}

export const trustAtEnrolment = (nodeId: string, bundle: TrustBundle): TrustState => ({
  nodeId,
  scope: bundle.scope,
  ring: anchorOfBundle(bundle, bundle.issued_at),
  platform: anchorOfBundle(bundle.platform, bundle.issued_at),
  recoveryPublicKey: bundle.recovery_public_key,
  position: 0,
  applied: new AppliedEvents(),
  rings: [],
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

/** The next event is dealt with. */
export const oneFurther = (state: TrustState): TrustState => ({ ...state, position: state.position + 1 });
