/**
 * The libraries by which verifiers ask for an issuer's keys, each unmodified, with its own cache, behind one type. Knows
 * the issuer by what anybody can read of it.
 */
import { fastJwt } from './fast-jwt';
import { jwksRsa } from './jwks-rsa';
import type { JwksClient } from './jwks-client';
import { openidClient } from './openid-client';
import { plainJose, unhurriedJose } from './plain-jose';

export type { JwksClient, Trust, Verify } from './jwks-client';
export { isOver, isTimeOut, throughTimeOuts } from './verdicts';
export { plainJose, unhurriedJose };

export const CLIENTS: readonly JwksClient[] = [plainJose, jwksRsa, openidClient, fastJwt];
