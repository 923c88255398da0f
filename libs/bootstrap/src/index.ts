/**
 * Bring-up: on an empty database everything that a new installation starts from, and the migrations of both schemas.
 * Runs under the database owner's URL, once; no service needs it, and nothing of it runs afterwards.
 */
export { bootstrap, type BootstrapOptions, type BootstrapReply } from './bootstrap';
export { migrate } from './migrate';
export { FILES } from './files';
export { openRecoveryKey } from './recovery-file';
