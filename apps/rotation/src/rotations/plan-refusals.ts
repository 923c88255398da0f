import { Refusal, closeRotation, isOpen, openRotation, type OpenRotation } from '@plexsphere/keyring';
import { asProblem } from '../rings/refusal-problem';
import { asTransition, type StoredRing } from '../rings/read-ring';

/** The stable details of what the domain would refuse a rotation with, as it is and once an open one is closed. */
export function refusalsOfRotation({ ring, transition }: StoredRing, command: OpenRotation): string[] {
  const latest = asTransition(transition);
  const now = refusalsOf(() => openRotation(ring, latest, command));
  if (!isOpen(latest)) return now;
  const afterwards = refusalsOf(() => {
    const closed = closeRotation(ring, latest, latest);
    return openRotation(closed.ring, closed.transition, command);
  });
  return [...now, ...afterwards];
}

/** What is not named is taken as the open rotation has it. */
export function refusalsOfClose(
  { ring, transition }: StoredRing,
  named: { oldKeyId: string | undefined; newKeyId: string | undefined },
): string[] {
  const latest = asTransition(transition);
  const oldKeyId = named.oldKeyId ?? latest?.oldKeyId ?? '';
  const newKeyId = named.newKeyId ?? latest?.newKeyId ?? '';
  return refusalsOf(() => closeRotation(ring, latest, { oldKeyId, newKeyId }));
}

function refusalsOf(decision: () => unknown): string[] {
  try {
    decision();
    return [];
  } catch (error) {
    if (error instanceof Refusal) return [asProblem(error).detail];
    throw error;
  }
}
