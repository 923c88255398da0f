/** The store for whoever asks by SQL alone: no entities, and nothing of TypeORM is loaded. */
export { askPrepared } from './ask-prepared';
export { openConnections } from './open-connections';
export { asInstant } from './instant';
export { prepared, type Prepared } from './prepared';
