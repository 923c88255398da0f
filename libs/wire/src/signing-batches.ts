/** How much a signer signs for one request. A signature takes 40 µs and more, so a full one takes some tens of milliseconds. */

/** Of a request. */
export const BATCH_BYTES = 256 * 1_024;
export const ENVELOPES_PER_REQUEST = 1_024;
