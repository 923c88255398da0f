/**
 * THE DOMAIN: key rings, transitions, and what follows from them for those who sign, verify and tell.
 *
 * Pure functions over plain values. It must not know the bus, the database, key material or the wire's spelling, and it
 * has no clock, no randomness and no process of its own: time and key ids are arguments. The linter keeps it so.
 */
export * from './chain-plan';
export * from './channel';
export * from './due-message';
export * from './fleet-step';
export * from './go-node';
export * from './heads';
export * from './import-key';
export * from './issuer';
export * from './key-news';
export * from './key-ring';
export * from './key-state';
export * from './lease';
export * from './next-step';
export * from './ring-policy';
export * from './policy';
export * from './progress';
export * from './promotion';
export * from './recommit';
export * from './refusal';
export * from './revoke';
export * from './ring-change';
export * from './rollback';
export * from './rotation';
export * from './scope-policy';
export * from './stage';
export * from './switch-wait';
export * from './tokens';
export * from './transition';
export * from './trusted-keys';
