import type { MadeStatement } from '@plexsphere/store';
import { Problem, problem } from '@plexsphere/wire';
import { JwsError, anchorOfRing, readStatement, requireFollows, statementHash } from '@plexsphere/wire/jws';
import type { StoredRing } from './read-ring';
import { ringView } from './ring-view';

/**
 * No statement is committed that Nodes would not take after the ring as it is: keys, head, and what it says of the key
 * ahead. Who signed it is for those who made it to answer for, and for Nodes to look at.
 * @throws Problem nextNotKept; internal for any other statement that does not follow, which no signer makes
 */
export function requireTakable(before: StoredRing, made: MadeStatement | null, introduces: boolean): void {
  if (made === null) return;
  const view = ringView(before);
  try {
    const statement = readStatement(made.text);
    requireFollows(view.scope, anchorOfRing(view), statement, introduces);
    const isAsTold = statementHash(made.text) === made.hash && statement.next === made.next;
    if (!isAsTold || statement.epoch !== view.epoch + 1) throw problem('internal');
  } catch (error) {
    throw asProblem(error);
  }
}

function asProblem(error: unknown): unknown {
  if (error instanceof Problem || !(error instanceof JwsError)) return error;
  return problem(error.code === 'next_not_kept' ? 'nextNotKept' : 'internal', { reason: error.code });
}
