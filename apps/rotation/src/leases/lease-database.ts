/** The name of the pool that leases are renewed on. */
export const LEASE_DATABASE = 'leases';
