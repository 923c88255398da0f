/**
 * How services, plexctl and Nodes dial the bus: the address, TLS where it says so, the credential, and what of the
 * server's challenge is signed. Makes the client library's options and never loads that library itself, so that a
 * command line may import it at once. Knows no service and keeps no connection.
 */
export * from './bus-address';
export * from './bus-authenticator';
export * from './bus-client-error';
export * from './dial-options';
export * from './last-good';
