/** What the guard says of itself while it works, for counters: closed sets of words, nothing that a caller sent. */

/**
 * Why a request was turned away.
 *
 * Nothing to verify: `token_missing`; `request_malformed`, where it is no Bearer token, or more than one.
 * Of the token: it is no JWT, or too long a one; its algorithm is none of public keys; it is no access token by its `typ`;
 * the issuer has no key of that id and algorithm; it was not signed by that key; it is another issuer's, or for another
 * audience; it is over, or not good yet; a claim is missing or is not what it has to be.
 * Of what it may: `insufficient_scope`. Of the guard: `keys_unavailable`, whatever the token is.
 */
export type RefusalReason =
  | 'token_missing'
  | 'request_malformed'
  | 'malformed'
  | 'wrong_algorithm'
  | 'wrong_type'
  | 'unknown_key'
  | 'signature_invalid'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'expired'
  | 'not_yet_valid'
  | 'claim_invalid'
  | 'insufficient_scope'
  | 'keys_unavailable';

/**
 * Why a fetch brought no keys: no connection, or it broke; not all of it came in time; an answer that was neither 200 nor
 * 304, or led elsewhere; it was too large, or no key set; a cache in between gave what is older than what stands already.
 */
export type FetchFailure =
  'unreachable' | 'timeout' | 'redirected' | 'status' | 'too_large' | 'malformed' | 'held_by_cache';

export type FetchReport =
  | { result: 'changed' | 'unchanged'; reason?: undefined; detail?: undefined }
  | {
      result: 'failed';
      reason: FetchFailure;
      /** For a log: a status, or the code of an error of the connection. Empty where there is none. */
      detail: string;
    };

export type VerifyReport = { result: 'accepted'; reason?: undefined } | { result: 'refused'; reason: RefusalReason };

/** Each is called at once. What it throws is dropped: what counts must not decide who comes in. */
export interface GuardObserver {
  onFetch?: ((report: FetchReport) => void) | undefined;
  onVerify?: ((report: VerifyReport) => void) | undefined;
}

export function tell<Report>(observer: ((report: Report) => void) | undefined, report: Report): void {
  try {
    observer?.(report);
  } catch {
    // It was told that nothing comes of it.
  }
}
