/** How much one request carries that stands for many. */

/**
 * Of a request that is signed. A signature takes 40 µs and more, so a full one takes some tens of milliseconds.
 */
export const BATCH_BYTES = 256 * 1_024;
export const ENVELOPES_PER_REQUEST = 1_024;

/** Nodes that join: so many credentials and their bundle are a third of what a message of the bus holds. */
export const NODES_PER_REQUEST = 256;
