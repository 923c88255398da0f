/**
 * Lets requests in that bear an issuer's access token (RFC 9068, RFC 6750): verifies each on the spot by keys that it
 * keeps at hand, over rotations and revocations. Knows the issuer by its published keys alone, and nothing of the rest of
 * this repository. Exports what a user needs and no more: README.md explains each.
 */
export { tokenOf, type AccessToken, type Claims } from './access-token';
export type { BearerRequest } from './bearer';
export { GuardOptionError } from './guard-option-error';
export type { JwtGuardOptions } from './guard-options';
export { JwtGuard } from './jwt-guard';
export type { FetchFailure, FetchReport, GuardObserver, RefusalReason, VerifyReport } from './reports';
export type { Requirement } from './requirement';
export { TokenRefused } from './token-refused';
export type { Times } from './times';
