type MaterialErrorCode =
  /** The KEK file: not there · readable for others · not 32 bytes in base64 · there already, when making one. */
  | 'kek_missing'
  | 'kek_exposed'
  | 'kek_malformed'
  | 'kek_exists'
  /** The row names another KEK than the one in hand. */
  | 'other_kek'
  /** The row is not what was wrapped: moved to another key, changed, or cut. */
  | 'tampered'
  | 'unknown_key'
  /** A key of that name was made before, for another algorithm. */
  | 'other_algorithm'
  /** Another attempt made a key of that name, and it is not the one that is wanted; `free_at` says when it gives way. */
  | 'other_key'
  /** The key that was made ahead, and committed to, is not there or does not open. */
  | 'no_key_ahead'
  /** The key is known and its private half is gone for good; its key id is never used again. */
  | 'key_destroyed';

/** Compare `code`. `names` says which key or file; no secret ever stands in it, nor in a cause. */
export class MaterialError extends Error {
  override readonly name = 'MaterialError';

  constructor(
    readonly code: MaterialErrorCode,
    readonly names: Record<string, string> = {},
  ) {
    super([code, ...Object.entries(names).map(([name, value]) => `${name}=${value}`)].join(' '));
  }
}
