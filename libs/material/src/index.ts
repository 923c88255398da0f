/**
 * The signer's own schema: private key material, wrapped at rest, and the key-encryption keys (KEK) that wrap it. Only
 * the signer and bootstrap may import it. Knows no ring, no transition and no bus: which key may sign is not its affair.
 */
export * from './errors';
export * from './kek';
export * from './file-kek';
export * from './wrap';
export * from './key-store';
export * from './key-ahead';
export * from './token-horizon';
export * from './bus-key-store';
export * from './signing-key';
export * from './migrate';
