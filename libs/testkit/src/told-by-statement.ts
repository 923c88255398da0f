/** What others are told of a change, read out of its statement, in which all of it stands. */
import type { SigningKeyRotated, TransitionView } from '@plexsphere/wire';
import { STATEMENT_TYPES, readStatement } from '@plexsphere/wire/jws';

/** What the announcement of a change says: what its statement does, and the statement. */
export function announced(statement: string): SigningKeyRotated {
  const { type, new_public_key, old_public_key, transition_expires, scope, old_key_id, new_key_id, opened_at, epoch } =
    readStatement(statement);
  return {
    current: new_public_key,
    ...(STATEMENT_TYPES[type].beside !== 'nobody' && { previous: old_public_key! }),
    ...(transition_expires !== null && { transition_expires }),
    scope,
    old_key_id: old_key_id!,
    new_key_id,
    opened_at,
    epoch,
    statement,
  };
}

export function transitionOf(statement: string): Omit<TransitionView, 'outcome'> {
  const { old_key_id, new_key_id, opened_at, closes_at, transition_expires } = readStatement(statement);
  return {
    old_key_id: old_key_id!,
    new_key_id,
    opened_at,
    closes_at: closes_at!,
    transition_expires: transition_expires!,
  };
}
