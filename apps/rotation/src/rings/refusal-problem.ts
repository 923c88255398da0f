import { Refusal, type RefusalCode, type RefusalMembers } from '@plexsphere/keyring';
import { problem, type Problem, type ProblemName } from '@plexsphere/wire';

/** What the domain refuses, as it goes out. */
const PROBLEM_OF: Record<RefusalCode, ProblemName> = {
  invariant_violation: 'invariantViolation',
  rotation_in_progress: 'rotationInProgress',
  rollback_settling: 'rollbackSettling',
  another_key_is_staged: 'anotherKeyStaged',
  staged_key_expired: 'stagedKeyExpired',
  not_propagated_yet: 'notPropagatedYet',
  key_not_staged: 'keyNotStaged',
  no_open_rotation: 'noOpenRotation',
  transition_mismatch: 'transitionMismatch',
  key_id_in_use: 'keyIdInUse',
  unknown_key: 'unknownKey',
  key_retired: 'keyRetired',
  key_revoked: 'keyRevoked',
  recovery_key_needed: 'recoveryKeyNeeded',
  default_issuer_stays: 'issuerExists',
  other_key_of_type: 'otherKeyOfType',
  tokens_end_earlier: 'invariantViolation',
  no_members: 'noMembers',
  not_proven_yet: 'notProvenYet',
  not_active_yet: 'notActiveYet',
  nodes_lagging: 'nodesLagging',
  old_key_in_use: 'oldKeyInUse',
  rotation_closed: 'rotationClosed',
};

export const asProblem = ({ code, members }: Refusal): Problem => problem(PROBLEM_OF[code], replyMembers(members));

/** The domain's words as a reply spells them: names in snake_case, the one of a field too, times as RFC 3339. */
const replyMembers = (members: RefusalMembers): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      snakeCase(name),
      name === 'field' ? snakeCase(String(value)) : value instanceof Date ? value.toISOString() : value,
    ]),
  );

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Runs a decision of the domain. @throws Problem where it refuses */
export function orProblem<Result>(decision: () => Result): Result {
  try {
    return decision();
  } catch (error) {
    throw error instanceof Refusal ? asProblem(error) : error;
  }
}
