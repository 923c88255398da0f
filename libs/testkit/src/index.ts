/**
 * What specs of every lib and app share: waiting without sleeping, folders that go away, randomness that can be
 * repeated, a database of one's own. For specs alone; knows none of the libs that it helps to test.
 */
export { eventually, freePort, type Patience } from '@plexsphere/stack';
export * from './temporary-folder';
export * from './keys';
export * from './lease-rows';
export * from './seed-ring';
export * from './seed-http-nodes';
export * from './table-reads';
export * from './seeded-random';
export * from './test-database';
export * from './test-bus';
export * from './event-source';
export * from './fuzz';
export * from './certificates';
export * from './bus-credential';
export * from './measure';
export * from './rogue-server';
export * from './fake-rotation';
export * from './fake-signer';
export * from './ring-views';
export * from './test-key';
export * from './test-ring';
export * from './test-rings';
export * from './test-chain';
export { StrictNode, type Beats, type Identity, type Told } from './strict-node/strict-node';
export type { StrictEnvelope, StrictKeys } from './strict-node/strict-envelope';
export { FakeSecretsManager } from './secrets-manager/fake-secrets-manager';
export type { StoredSecret } from './secrets-manager/stored-secret';
