/** Why an envelope was refused. Compare codes; the text is for people and says no more than the code. */
export type EnvelopeRefusal =
  | 'malformed'
  | 'signature_missing'
  | 'nonce_missing'
  | 'issued_at_missing'
  | 'stale'
  | 'future'
  | 'signature_invalid'
  | 'nonce_reused'
  | 'other_recipient';

export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';

  constructor(readonly code: EnvelopeRefusal) {
    super(`envelope refused: ${code}`);
  }
}
