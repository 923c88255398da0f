/** Why a JWS was refused. Compare codes; the text is for people and says no more than the code. */
export type JwsRefusal =
  /** Not a JWS of this form, or its payload has not the shape of its type. */
  | 'malformed'
  /** Another `typ`, or an `alg` other than the one that the key fixes. */
  | 'wrong_type'
  | 'signature_invalid'
  /** By a key that is not trusted, or not any more. */
  | 'unknown_key'
  | StatementRefusal
  /** A bundle outside the time in which it may be taken, or older than one that would have to give way to it. */
  | 'bundle_stale'
  /** A bundle by another key than the platform's active one, or that says otherwise than the statements. */
  | 'bundle_foreign'
  /** An access token whose time is over, or a foreign one whose time has not come. No Node sees one. */
  | 'token_expired'
  /** Of a key change: what the old key and the new one say is not the same. */
  | 'proofs_disagree';

/** Why a statement does not count, or not here. */
type StatementRefusal =
  /** Of another ring. */
  | 'wrong_scope'
  /** It follows a statement that the verifier has not taken. */
  | 'gap'
  /** It stands beside what the verifier has taken: no later than that, and following something else. */
  | 'fork'
  /** It follows, and its epoch does not rise. */
  | 'epoch_back'
  /** It needs a key that the ring does not hold as such: revoked, retired, or never there. */
  | 'revoked'
  | 'signature_missing'
  /** Two of one role. */
  | 'signature_repeated'
  /** Each in the other's place. */
  | 'signature_swapped'
  /** More than two; or a held key's, which has nothing to prove. */
  | 'signature_too_many'
  /** Vouched for by another key than its type demands. */
  | 'foreign_authority'
  /** Not the key ahead that was committed to, or another commitment than its type allows. */
  | 'next_not_kept';

export class JwsError extends Error {
  override readonly name = 'JwsError';

  constructor(readonly code: JwsRefusal) {
    super(`JWS refused: ${code}`);
  }
}
