/** A token that was verified. */
export interface AccessToken {
  /** The JWT's claims. Those that are named here are of that type, or absent; of any other nothing is known. */
  readonly claims: Claims;
  /** The claim `scope`, one by one. */
  readonly scopes: readonly string[];
  readonly header: { readonly alg: string; readonly typ: string; readonly kid?: string };
}

export interface Claims {
  iss: string;
  aud: string | string[];
  /** Seconds since 1970, as all times of a JWT. */
  exp: number;
  iat?: number;
  nbf?: number;
  sub?: string;
  client_id?: string;
  scope?: string;
  jti?: string;
  [claim: string]: unknown;
}

const admitted = new WeakMap<object, AccessToken>();

export function noteToken(request: object, token: AccessToken): void {
  admitted.set(request, token);
}

/**
 * The token that a request was let in by.
 * @throws Error where no guard stands before the handler that asks: it would serve everybody
 */
export function tokenOf(request: object): AccessToken {
  const token = admitted.get(request);
  if (token === undefined) throw new Error('no guard has let this request in');
  return token;
}
