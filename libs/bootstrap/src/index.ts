/**
 * Bring-up: on an empty database everything that a new installation starts from, and the migrations of both schemas.
 * and other credentials for a service later on. Runs under the database owner's URL; no service needs it, and nothing of
 * it runs on.
 */
export { bootstrap, type BootstrapOptions, type BootstrapReply } from './bootstrap';
export { migrate } from './migrate';
export { reissue, type ReissueReply } from './reissue';
export { revokeOld, type RevokeOldReply } from './revoke-old';
export { SERVICES, type Service } from './service-logins';
export { FILES } from './files';
export { openRecoveryKey } from './recovery-file';
export { reissueAdmin } from './reissue-admin';
