/** One token against one key set, at one moment: no network, no memory. The signature and the times are jose's to check. */
import { decodeProtectedHeader, jwtVerify } from 'jose';
import type { AccessToken, Claims } from './access-token';
import type { GuardSettings } from './guard-settings';
import { isKnownAlgorithm, type KeySet } from './key-set';
import type { RefusalReason } from './reports';

/** As much as the headers of a request have room for, before servers and proxies refuse it themselves. */
const MAX_TOKEN_LENGTH = 8 * 1_024;

/** Of these only that they are what RFC 9068 says, where they are there. */
const TEXTS = ['sub', 'client_id', 'scope', 'jti'];

type Rules = Pick<GuardSettings, 'issuer' | 'audience' | 'types' | 'clockToleranceSeconds'>;
type Header = AccessToken['header'];

/** What is wrong with a token before any key is looked for. */
export function readHeader(token: string, { types }: Rules): Header | RefusalReason {
  // Measured before it is read.
  if (token.length > MAX_TOKEN_LENGTH || token.split('.').length !== 3) return 'malformed';
  const header = decoded(token);
  if (header === undefined) return 'malformed';
  const { alg, typ, kid } = header;
  if (kid !== undefined && typeof kid !== 'string') return 'malformed';
  if (!isKnownAlgorithm(alg)) return 'wrong_algorithm';
  if (typeof typ !== 'string' || !types.some((type) => mediaType(type) === mediaType(typ))) return 'wrong_type';
  return { alg, typ, ...(kid !== undefined && { kid }) };
}

export async function verifyToken(
  token: string,
  header: Header,
  keys: KeySet,
  rules: Rules,
): Promise<AccessToken | RefusalReason> {
  try {
    const { payload } = await jwtVerify(token, keys.keyOf, {
      algorithms: keys.algorithms,
      issuer: rules.issuer,
      audience: rules.audience,
      requiredClaims: ['exp'],
      clockTolerance: rules.clockToleranceSeconds,
    });
    if (!areClaims(payload)) return 'claim_invalid';
    return { claims: payload, scopes: payload.scope?.split(' ').filter((scope) => scope !== '') ?? [], header };
  } catch (error) {
    const reason = reasonOf(error as { code?: unknown; claim?: unknown; reason?: unknown });
    if (reason === undefined) throw error;
    return reason;
  }
}

function reasonOf({ code, claim, reason }: { code?: unknown; claim?: unknown; reason?: unknown }) {
  if (typeof code !== 'string' || !code.startsWith('ERR_J')) return undefined;
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED')
    return (reason === 'check_failed' ? CHECKS[claim as string] : undefined) ?? 'claim_invalid';
  return REASONS[code] ?? 'malformed';
}

/** By jose's codes. */
const REASONS: Record<string, RefusalReason> = {
  ERR_JWKS_NO_MATCHING_KEY: 'unknown_key',
  // Without a kid it may be any of several.
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'unknown_key',
  // It is one of public keys, but of no key here.
  ERR_JOSE_ALG_NOT_ALLOWED: 'unknown_key',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature_invalid',
  ERR_JWT_EXPIRED: 'expired',
};

const CHECKS: Record<string, RefusalReason> = {
  iss: 'wrong_issuer',
  aud: 'wrong_audience',
  nbf: 'not_yet_valid',
};

/** That iss, aud and the times hold is checked; here, that a handler finds what the types say. */
function areClaims(payload: Record<string, unknown>): payload is Claims {
  const { aud } = payload;
  const areTexts = TEXTS.every((name) => payload[name] === undefined || typeof payload[name] === 'string');
  return areTexts && (typeof aud === 'string' || (aud as unknown[]).every((each) => typeof each === 'string'));
}

function decoded(token: string): Record<string, unknown> | undefined {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
}

/** RFC 7515, section 4.1.9. */
const mediaType = (typ: string): string => (typ.includes('/') ? typ : `application/${typ}`).toLowerCase();
