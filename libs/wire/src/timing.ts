/**
 * D, in milliseconds: how long after the asking a signature is accepted. One number for everybody who asks, because
 * `rotate` waits longer than this after the last signer has confirmed: what was answered by the old key just before is then
 * dropped by whoever asked for it. Below a third of the shortest lease (3 s), so that a lease in good order outlives it.
 */
export const SIGNING_DURATION_MS = 1_000;

/** For how long a Node's old key, or token, goes on beside the new one, unless the Node confirms before. */
export const NODE_KEY_OVERLAP_MS = 60_000;

/**
 * How far a clock of ours may be off the database's, in milliseconds. A Node refuses what is five minutes off; whoever is
 * further off than this neither signs nor has signed anything.
 */
export const CLOCK_SKEW_MS = 30_000;
