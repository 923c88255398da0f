/** What goes wrong at an issuer's door, in the words of RFC 6749, section 5.2: the codes are the API, the sentences are for people. */
const STATUS = {
  invalid_request: 400,
  invalid_client: 401,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  /** RFC 8707, section 2. */
  invalid_target: 400,
  /** Section 4.1.2.1 has these for the other endpoint; of this one clients know what they mean. */
  server_error: 500,
  temporarily_unavailable: 503,
  slow_down: 429,
} as const;

export type OAuthErrorCode = keyof typeof STATUS;

interface ToldBeside {
  /** Where HTTP has a status of its own for it. */
  status?: number;
  /** In whole seconds. */
  retryAfter?: number;
}

export class OAuthError extends Error {
  override readonly name = 'OAuthError';

  constructor(
    readonly code: OAuthErrorCode,
    /** Of our own words alone: nothing that a caller has sent. */
    readonly description: string,
    private readonly beside: ToldBeside = {},
  ) {
    super(`${code}: ${description}`);
  }

  get status(): number {
    return this.beside.status ?? STATUS[this.code];
  }

  get retryAfter(): number | undefined {
    return this.beside.retryAfter;
  }

  get body(): { error: OAuthErrorCode; error_description: string } {
    return { error: this.code, error_description: this.description };
  }
}

/** One answer for every client that is not who it says it is, and for those that are nobody. */
export const notThisClient = (): OAuthError => new OAuthError('invalid_client', 'the client is not authenticated');

export const invalidRequest = (description: string): OAuthError => new OAuthError('invalid_request', description);
