/** Why the domain refuses. Closed: whoever answers a caller maps every one of these, and the compiler checks it. */
export type RefusalCode =
  | 'invariant_violation'
  | 'rotation_in_progress'
  | 'rollback_settling'
  | 'another_key_is_staged'
  | 'staged_key_expired'
  | 'not_propagated_yet'
  | 'key_not_staged'
  | 'no_open_rotation'
  | 'transition_mismatch'
  | 'key_id_in_use'
  | 'unknown_key'
  | 'key_retired'
  | 'key_revoked'
  | 'recovery_key_needed'
  | 'default_issuer_stays'
  | 'other_key_of_type'
  | 'tokens_end_earlier'
  | 'no_members'
  | 'not_proven_yet'
  | 'not_active_yet'
  | 'nodes_lagging'
  | 'old_key_in_use'
  | 'rotation_closed';

/** Facts beside the code, in the domain's own words: whoever answers a caller spells them as a reply does. */
export type RefusalMembers = Readonly<Record<string, unknown>>;

/** Compare `code`; the message is for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    readonly members: RefusalMembers = {},
  ) {
    super(code.replaceAll('_', ' '));
  }
}

/** `field` names what broke the invariant: a member of the request, or the part of the state that does not add up. */
export const invariantViolation = (field: string): Refusal => new Refusal('invariant_violation', { field });
