export * from './constraints';
export * from './operator-commands';
export * from './signer-requests';
export * from './lease-requests';
