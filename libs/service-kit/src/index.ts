/**
 * What every service's main.ts needs: configuration, log, bus, health, validation at the edge, problems on the way out,
 * an orderly stop. Knows the contract, not the domain and not the database.
 */
export { busAndHttpApplication, busApplication, type Application } from './application';
export * from './bus';
export * from './bus-context';
export * from './bus-server';
export type { BusObserver, HeldBackOnBus, RefusedOnBus } from './refusal-reports';
export * from './bus-settings';
export { closedLast } from './closed-last';
export * from './config';
export * from './health';
export { LOGGER } from './bus-half';
export type { HttpDoor } from './http-door';
export * from './http-half';
export * from './least-privilege';
export * from './logger';
export * from './loop';
export * from './problem-filter';
export { requestBody } from './request-body';
export * from './run-service';
export * from './service-config';
export { settingsHelp } from './settings-help';
export * from './throttled-log';
export * from './validated';
