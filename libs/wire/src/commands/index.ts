export * from './constraints';
export * from './operator-commands';
export * from './sight-commands';
export * from './access-commands';
export * from './signer-requests';
export * from './lease-requests';
