import { Refusal, type RefusalCode } from '@plexsphere/keyring';
import { problem, type Problem, type ProblemName } from '@plexsphere/wire';

/** What the domain refuses, as it goes out. */
const PROBLEM_OF: Record<RefusalCode, ProblemName> = {
  invariant_violation: 'invariantViolation',
  rotation_in_progress: 'rotationInProgress',
  no_open_rotation: 'noOpenRotation',
  transition_mismatch: 'transitionMismatch',
  nodes_lagging: 'nodesLagging',
  key_id_in_use: 'keyIdInUse',
  epoch_went_back: 'epochWentBack',
  short_overlap: 'invariantViolation',
  long_lease: 'invariantViolation',
};

export const asProblem = (refusal: Refusal): Problem => problem(PROBLEM_OF[refusal.code], { ...refusal.members });

/** Runs a decision of the domain. @throws Problem where it refuses */
export function orProblem<Result>(decision: () => Result): Result {
  try {
    return decision();
  } catch (error) {
    throw error instanceof Refusal ? asProblem(error) : error;
  }
}
