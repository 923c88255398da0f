/**
 * Pools for whoever asks by SQL alone. Nothing of TypeORM is loaded with them: it is a sixth of what such a service would
 * load, and of the memory that it would take before anybody has called.
 */
export * from './connections';
