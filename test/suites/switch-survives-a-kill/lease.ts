/** L of this story. */
export const LEASE = '4s';
export const LEASE_MS = 4_000;
