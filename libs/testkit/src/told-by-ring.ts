/** What others are told of a ring as it is: services by rotation, verifiers by a bundle. */
import { MESH_ALGORITHM, publicText, type RingView } from '@plexsphere/wire';
import type { TrustAnchor } from '@plexsphere/wire/jws';
import type { TestRing } from './test-ring';
import { transitionOf } from './told-by-statement';

export function viewOf(ring: TestRing): RingView {
  const { scope, epoch, trustEpoch, headEpoch, statement, statementHash, next } = ring;
  const last = ring.changes.findLast(({ change }) => change === 'rotate');
  const outcome = ring.retiring === undefined ? 'closed' : null;
  return {
    scope,
    epoch,
    trust_epoch: trustEpoch,
    keys: ring.trusted.map(({ keyId, privateKey, state, verifiesUntil }) => ({
      key_id: keyId,
      state,
      algorithm: MESH_ALGORITHM,
      public_key: publicText(privateKey),
      verifies_until: verifiesUntil?.toISOString() ?? null,
    })),
    transition: last === undefined ? null : { ...transitionOf(last.statement!), outcome },
    statement,
    statement_hash: statementHash,
    head_epoch: headEpoch,
    next,
    issuer: null,
  };
}

export function anchorOf(ring: TestRing): TrustAnchor {
  const { epoch, trustEpoch, headEpoch, statementHash, next } = ring;
  return {
    epoch,
    trust_epoch: trustEpoch,
    active_key_id: ring.active.keyId,
    staged_key_id: ring.staged?.keyId ?? null,
    keys: ring.trusted.map(({ keyId, privateKey, verifiesUntil }) => ({
      key_id: keyId,
      public_key: publicText(privateKey),
      ...(verifiesUntil !== null && { not_after: verifiesUntil.toISOString() }),
    })),
    statement_hash: statementHash,
    head_epoch: headEpoch,
    next,
  };
}
