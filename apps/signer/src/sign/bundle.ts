import type { RingView } from '@plexsphere/wire';
import { BUNDLE_MAX_AGE_MS, type BundleKey, type TrustAnchor, type TrustBundle } from '@plexsphere/wire/jws';
import { activeKey, keyInState, stated, trustedViews } from './signing-ring';

/** What a verifier of `ring`'s scope should trust at `now`, for as long as any verifier takes a bundle. */
export const trustBundle = (ring: RingView, platform: RingView, recoveryPublicKey: string, now: Date): TrustBundle => ({
  scope: ring.scope,
  ...anchorOf(ring, now),
  platform: anchorOf(platform, now),
  recovery_public_key: recoveryPublicKey,
  issued_at: now.toISOString(),
  expires_at: new Date(now.getTime() + BUNDLE_MAX_AGE_MS).toISOString(),
});

const anchorOf = (ring: RingView, now: Date): TrustAnchor => ({
  epoch: ring.epoch,
  trust_epoch: ring.trust_epoch,
  active_key_id: activeKey(ring).key_id,
  staged_key_id: keyInState(ring, 'staged')?.key_id ?? null,
  keys: trustedViews(ring, now).map(({ key_id, public_key, verifies_until }): BundleKey => ({
    ...{ key_id, public_key: stated(public_key) },
    ...(verifies_until !== null && { not_after: verifies_until }),
  })),
  statement_hash: stated(ring.statement_hash),
  head_epoch: ring.head_epoch,
  next: ring.next,
});
