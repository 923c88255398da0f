/**
 * The embedded stack: real PostgreSQL, a real nats-server and the services as processes of their own, all below one
 * folder and on free ports. Used by `npm start`, the demo and the tests; it knows the services by their command line
 * and environment alone, and imports none of them.
 */
export * from './eventually';
export * from './free-port';
export { childrenOf, processIdentity } from './process-identity';
export * from './managed-process';
export * from './postgres';
export { IN_MEMORY } from './private-folder';
export * from './nats-server';
export * from './service-process';
export * from './plexctl';
export * from './bootstrap-folder';
export { compileServices, withCompiled } from './compiled';
export * from './stack';
export * from './folders';
export { guard, whenOrphaned } from './guard';
