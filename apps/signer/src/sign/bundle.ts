import type { RingView } from '@plexsphere/wire';
import { BUNDLE_MAX_AGE_MS, type BundleKey, type TrustAnchor, type TrustBundle } from '@plexsphere/wire/jws';
import { activeKey, notAfter, stated, trustedViews } from './signing-ring';

/** What a verifier of `ring`'s scope should trust at `now`, for as long as any verifier takes a bundle. */
export const trustBundle = (ring: RingView, platform: RingView, recoveryPublicKey: string, now: Date): TrustBundle => ({
  scope: ring.scope,
  ...anchorOf(ring),
  platform: anchorOf(platform),
  recovery_public_key: recoveryPublicKey,
  issued_at: now.toISOString(),
  expires_at: new Date(now.getTime() + BUNDLE_MAX_AGE_MS).toISOString(),
});

const anchorOf = (ring: RingView): TrustAnchor => ({
  epoch: ring.epoch,
  trust_epoch: ring.trust_epoch,
  active_key_id: activeKey(ring).key_id,
  keys: trustedViews(ring).map((key): BundleKey => {
    const end = notAfter(ring, key);
    const bundleKey = { key_id: key.key_id, public_key: stated(key.public_key) };
    return end === undefined ? bundleKey : { ...bundleKey, not_after: end };
  }),
  statement_hash: stated(ring.statement_hash),
});
