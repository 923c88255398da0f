/**
 * What is wrong at this end, not with a message: an option, a source of keys, or how an adapter was set up.
 *
 * `option_invalid`; `keys_unavailable`: none has been read yet; `keys_malformed`: what was read is no keys;
 * `secret_too_short`; `no_signing_key`: this end is given none of this direction to sign by; `body_already_read`: what
 * stands before the adapter took the body and kept no raw one; `not_verified`: nothing that verifies stands before this.
 */
export type ChannelErrorCode =
  | 'option_invalid'
  | 'keys_unavailable'
  | 'keys_malformed'
  | 'secret_too_short'
  | 'no_signing_key'
  | 'body_already_read'
  | 'not_verified';

/** Compare `code`. Carries nothing of a key or a message. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';

  constructor(
    readonly code: ChannelErrorCode,
    why: string,
  ) {
    super(`channel: ${why}`);
  }
}
