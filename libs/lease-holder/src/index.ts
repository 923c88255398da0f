/**
 * Holding leases: which rings this process may work by, at which epoch, and until when. Every process that signs or
 * serves by a ring is such a holder, so that a switch can wait for it. Knows rotation's answers and the clocks; not what
 * a holder does with a ring, which it is handed, and neither keys nor a database.
 */
export * from './database-clock';
export * from './holder';
export * from './lease-guard';
export * from './lease-keeper';
export * from './lease-table';
export * from './providers';
