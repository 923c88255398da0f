/** By which times a ring of a channel goes in specs. */
import { scopePolicy } from '../../src/scope-policy';

export const CHANNEL = scopePolicy('channel');
export const BOTH_MS = 300;
export const OVERLAP_MS = 3_000;
export const PROPAGATION_MS = 200;
export const SKEW_MS = 30;
export const TERMS = {
  ...{ overlapWindowMs: OVERLAP_MS, propagationDelayMs: PROPAGATION_MS, clockSkewMs: SKEW_MS, relayLagMs: 50 },
  bothForMs: BOTH_MS,
};
