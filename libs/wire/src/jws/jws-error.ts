/** Why a JWS was refused. Compare codes; the text is for people and says no more than the code. */
export type JwsRefusal =
  /** Not a JWS of this form, or its payload has not the shape of its type. */
  | 'malformed'
  /** Another `typ`, or an `alg` other than the one that the key fixes. */
  | 'wrong_type'
  | 'signature_invalid'
  /** By a key that is not trusted, or not any more. */
  | 'unknown_key'
  /** Outside the time in which it may be taken. */
  | 'expired'
  /** A statement that does not continue the one before. */
  | 'broken_chain';

export class JwsError extends Error {
  override readonly name = 'JwsError';

  constructor(readonly code: JwsRefusal) {
    super(`JWS refused: ${code}`);
  }
}
