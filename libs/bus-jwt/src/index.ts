/**
 * The bus's own credentials: NATS JWTs in operator mode (operator, accounts, users) and the keys behind them, made from
 * typed fields. What a user may do is written in the contract (`busPermissions`) and nowhere else. Knows no database,
 * no wrapping and no connection; whoever calls it holds the seed.
 */
export * from './bus-key';
export * from './accounts';
export * from './users';
