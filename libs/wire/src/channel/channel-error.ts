/** Why a member refuses what it was sent. Carries nothing of it. */
export type ChannelErrorCode =
  /** It is not in the form that it should have. */
  | 'malformed'
  /** A secret was sealed to another key than this member's, or altered. */
  | 'other_recipient'
  /** It is of another ring, key or epoch, or for another member, than it stands under. */
  | 'other_names'
  | 'short_secret'
  /** A secret that is not the one whose check value stands beside it. */
  | 'other_check_value';

export class ChannelError extends Error {
  override readonly name = 'ChannelError';

  constructor(readonly code: ChannelErrorCode) {
    super(`channel: ${code.replaceAll('_', ' ')}`);
  }
}
