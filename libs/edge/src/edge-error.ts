import { PROBLEMS, type ProblemBody, type ProblemName } from '@plexsphere/wire';
import type { HostFailure } from '@plexsphere/wire/commands';

/**
 * Of the folder: nothing is enrolled there, or something is; a file that is not what was written there, or whose key and token
 * are not each other's; one that others may read; another process has it; it cannot be written, and why.
 * Of what was asked: the platform refuses (`refusal` has its words); nobody answered, so that it is asked again; the answer
 * is none; the bus does not take the new credential yet, so that it is tried again.
 * Of the agent that runs there: its socket's path is longer than a socket's may be; it ended before it answered; the answer is
 * none; what went wrong with it nobody has foreseen (`about` is the error's name).
 */
export type EdgeErrorCode =
  | 'not_enrolled'
  | 'already_enrolled'
  | 'state_damaged'
  | 'creds_disagree'
  | 'readable_by_others'
  | 'state_in_use'
  | HostFailure
  | 'refused'
  | 'unanswered'
  | 'answer_malformed'
  | 'not_moved'
  | 'socket_path_too_long'
  | 'agent_silent'
  | 'agent_malformed'
  | 'agent_failed';

/** Compare `code`; nothing in it is secret. */
export class EdgeError extends Error {
  override readonly name = 'EdgeError';

  constructor(
    readonly code: EdgeErrorCode,
    /** The file, the status or the sentence; empty where there is none. */
    readonly about = '',
    /** Of `refused`: what the platform said. */
    readonly refusal?: ProblemBody,
  ) {
    super(about === '' ? code : `${code}: ${about}`);
  }

  isRefusal(name: ProblemName): boolean {
    return this.code === 'refused' && this.refusal?.detail === PROBLEMS[name].detail;
  }
}
