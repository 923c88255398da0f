/**
 * PostgreSQL for the ring, transitions, leases, Nodes, audit and the outbox: entities, forward-only migrations, and the
 * SQL that more than one caller needs. Knows the domain and the contract, no Nest and no bus.
 */
export { askPrepared } from './ask-prepared';
export { leftOpen } from './close-database';
export { openDatabase, storeOptions } from './data-source';
export * from './entities';
export * from './format';
export * from './insert-ring';
export { asInstant } from './instant';
export { prepared, type Prepared } from './prepared';
