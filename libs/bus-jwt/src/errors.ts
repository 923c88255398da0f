export type BusJwtErrorCode = 'bad_seed' | 'bad_public_key' | 'bad_creds';

/** Compare `code`. The text never holds what was refused: it may be a seed. */
export class BusJwtError extends Error {
  override readonly name = 'BusJwtError';

  constructor(readonly code: BusJwtErrorCode) {
    super(code);
  }
}
