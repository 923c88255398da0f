import { CODES, problem, type Problem, type ProblemName } from '@plexsphere/wire';
import { Failure } from './failure';

/** In the words of a service's answer, so that a script sees the same whoever refuses. */
export const refuseAs = (
  name: ProblemName,
  members: Record<string, unknown>,
  { hint, reason }: { hint?: string; reason?: string },
): Failure => failureOf(problem(name, members), hint, reason);

export function failureOf(cause: Problem, hint?: string, reason?: string): Failure {
  const { detail, field, ...rest } = cause.body;
  const members = { ...(field === undefined ? {} : { field }), ...rest };
  return new Failure(CODES[cause.code].exitCode, detail, members, hint, { cause, reason });
}
