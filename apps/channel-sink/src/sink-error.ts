/**
 * Why a sink does not write. Names the ring and the target, and nothing of what stands there or should: it goes to the log.
 */
const TEXTS = {
  /** It is not what this sink has written there, and was in the middle of writing. */
  target_changed: 'somebody else changed the target',
  /** Found at the first time, and --take-over was not said. */
  target_foreign: 'the target holds what is not ours',
  /** It could only be taken over by losing it. */
  target_malformed: 'the target holds what cannot be read in this format',
  key_differs: 'the target holds another secret under a key id of ours',
  target_missing: 'the target is not there',
  target_denied: 'the target may not be read or written',
  /** It says no for another reason, which `reason` names. */
  target_refused: 'the target refuses to be read or written',
  target_unreachable: 'the target was not reached',
  target_is_link: 'the target is a symbolic link',
  target_is_no_file: 'the target is no file',
  target_open_to_others: 'others can read or write the target',
  target_of_another_user: 'the target is another user’s',
  folder_open_to_others: 'others can write to the folder of the target',
  too_large: 'the target is, or would be, larger than 65,536 bytes',
  not_read_back: 'what was read back is not what was written',
  plaintext_beyond_loopback: 'the target is neither behind TLS nor on this machine',
  no_target: 'the ring has no target',
  record_damaged: 'the record of what was written there is damaged',
} as const;

export type SinkErrorCode = keyof typeof TEXTS;

/** Where it happened. */
export interface Place {
  /** `<a>-to-<b>`. */
  ring: string;
  /** As it was named by --to. */
  target: string;
}

export class SinkError extends Error {
  override readonly name = 'SinkError';

  constructor(
    readonly code: SinkErrorCode,
    readonly place: Place,
    /** The name of what somebody else's code says, never its text. */
    readonly reason?: string,
  ) {
    const about = [`ring ${place.ring}`, `target ${place.target}`, ...(reason === undefined ? [] : [reason])];
    super(`${TEXTS[code]} (${about.join(', ')})`);
  }
}

/** What can be told of anything that was thrown: the names of errors are no secrets, their texts may be. */
export function nameOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'unknown';
}
