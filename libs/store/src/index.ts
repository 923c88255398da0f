/**
 * PostgreSQL for the ring, transitions, leases, Nodes, audit and the outbox: entities, forward-only migrations, and the
 * SQL that more than one caller needs. Knows the domain and the contract, no Nest and no bus.
 */
export { leftOpen } from './close-database';
export { openDatabase, storeOptions } from './data-source';
export * from './entities';
export { migrateStore } from './migrate';
export * from './insert-ring';
export { MIGRATIONS, requireStoreFormat } from './format';
export { asInstant, askPrepared, prepared, type Prepared } from './sql';
