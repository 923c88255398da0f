/**
 * D, in milliseconds: how long after the asking a signature is accepted. One number for everybody who asks, because
 * `rotate` waits this long after the last signer has confirmed: what was answered by the old key just before is then
 * dropped by whoever asked for it. Below a third of the shortest lease (3 s), so that a lease in good order outlives it.
 */
export const SIGNING_DURATION_MS = 1_000;
