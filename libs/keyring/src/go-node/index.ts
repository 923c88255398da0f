/**
 * A Node that speaks HTTP and reads no statement: what its stream may carry, what proves what it holds, and what it is sent
 * next. Gateways ask about streams, the relay about what is on record; go-node-model (testing) tries all of it together.
 */
export * from './go-node';
export * from './go-ring';
export * from './last-event-id';
export * from './may-announce';
export * from './next-for-go-node';
export * from './node-states';
export * from './open-stream';
export * from './pass-message';
export * from './state-answer';
export * from './stream-life';
export * from './take-word';
export * from './without-stream';
