/**
 * The contract: what crosses a process boundary, and only that. Knows no database, no Nest, no application, and not
 * the domain. This entry loads nothing heavy; `@plexsphere/wire/commands` brings class-validator (the requests as
 * validated classes), and in `@plexsphere/wire/jws` stands what is signed as a JWS (statement, trust bundle, data), and
 * JWKS.
 */
export * from './issuer-url';
export * from './scope';
export * from './channel';
export * from './names';
export { uuidOf } from './uuid-of';
export { enrolledNodeId } from './enrolled-node-id';
export * from './rotate-every';
export * from './fleet-order';
export * from './fleet-targets';
export * from './commands/table';
export * from './subjects';
export * from './routes';
export * from './services';
export * from './traffic';
export { inboxOf, inboxPrefix, randomToken, type BusUser } from './inbox';
export * from './admission';
export { lackingRights } from './lacking-rights';
export * from './permissions';
export * from './bus-limits';
export * from './problem';
export * from './database-format';
export * from './timing';
export * from './request-batches';
export * from './ring-view';
export { isTime, parseRfc3339, type Rfc3339 } from './rfc3339';
export * from './messages';
export * from './standing';
export * from './revocations';
export { canonicalText, canonicalTextsAt, type CanonicalFields } from './canonical';
export * from './envelope';
export * from './algorithms';
export { privateKeyFromSeed, rawPublicKey, secretFromSeed } from './ed25519';
export * from './nkey';
export * from './bus-credential';
export * from './recovery-file';
