/**
 * Bring-up: on an empty database everything that a new installation starts from; later the migrations, and other
 * credentials for a service. Runs under the database owner's URL and ends; no service needs it.
 */
export { bootstrap, type BootstrapOptions, type BootstrapReply } from './bootstrap';
export { migrate } from './migrate';
export { reissue, type ReissueReply } from './reissue';
export { revokeOld, type RevokeOldReply } from './revoke-old';
export { reissueAdmin } from './reissue-admin';
