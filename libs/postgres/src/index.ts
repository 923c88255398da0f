/**
 * How whatever is ours opens a PostgreSQL, waits for it and migrates a schema in it. Knows no schema and no key: the store
 * and the signer's material, which must not know each other, both stand on it.
 */
export * from './migrate';
export * from './pool';
export { CONNECTION_LOST, type DatabaseUrl } from './sql';
