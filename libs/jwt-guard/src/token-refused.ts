/** A request that is not let in, and how it is told so (RFC 6750, section 3). */
import type { RefusalReason } from './reports';

/** `error` of RFC 6750, section 3.1, and the status that goes with it; none for a request that shows no token. */
const ANSWERS: Record<RefusalReason, { status: 400 | 401 | 403 | 503; error?: string }> = {
  token_missing: { status: 401 },
  request_malformed: { status: 400, error: 'invalid_request' },
  malformed: { status: 401, error: 'invalid_token' },
  wrong_algorithm: { status: 401, error: 'invalid_token' },
  wrong_type: { status: 401, error: 'invalid_token' },
  unknown_key: { status: 401, error: 'invalid_token' },
  signature_invalid: { status: 401, error: 'invalid_token' },
  wrong_issuer: { status: 401, error: 'invalid_token' },
  wrong_audience: { status: 401, error: 'invalid_token' },
  expired: { status: 401, error: 'invalid_token' },
  not_yet_valid: { status: 401, error: 'invalid_token' },
  claim_invalid: { status: 401, error: 'invalid_token' },
  insufficient_scope: { status: 403, error: 'insufficient_scope' },
  // Not 401: the token may be good, and a client that threw it away would ask for another just where the issuer is away.
  keys_unavailable: { status: 503, error: 'temporarily_unavailable' },
};

export interface Challenge {
  realm: string;
  /** What the route wants. */
  scope?: string | undefined;
  retryAfterSeconds: number;
}

/** Compare `reason`. Nothing of the token is in it. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly status: 400 | 401 | 403 | 503;
  /** Lower-case names, as they are to be sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** To be sent as JSON. */
  readonly body: { readonly error?: string; readonly reason: RefusalReason };

  constructor(
    readonly reason: RefusalReason,
    challenge: Challenge,
  ) {
    super(reason);
    const { status, error } = ANSWERS[reason];
    this.status = status;
    this.body = { ...(error !== undefined && { error }), reason };
    this.headers =
      status === 503
        ? { 'retry-after': `${challenge.retryAfterSeconds}` }
        : { 'www-authenticate': challengeText(reason, error, challenge) };
  }
}

function challengeText(reason: RefusalReason, error: string | undefined, { realm, scope }: Challenge): string {
  const told = { realm, scope, error, error_description: error === undefined ? undefined : reason };
  const parameters = Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : `${name}="${value}"`));
  return `Bearer ${parameters.join(', ')}`;
}
