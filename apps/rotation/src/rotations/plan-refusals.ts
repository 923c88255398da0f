import {
  Refusal,
  closeRotation,
  isOpen,
  openRotation,
  type NamedTransition,
  type OpenRotation,
} from '@plexsphere/keyring';
import { Problem } from '@plexsphere/wire';
import { asProblem } from '../rings/refusal-problem';
import type { StoredRing } from '../rings/read-ring';

/** The stable details of what the domain would refuse a rotation with, as it is and once an open one is closed. */
export function refusalsOfRotation({ ring, policy, transition }: StoredRing, command: OpenRotation): string[] {
  const now = refusalsOf(() => openRotation(ring, transition, command, policy));
  if (!isOpen(transition)) return now;
  const afterwards = refusalsOf(() => {
    const closed = closeRotation(ring, transition, transition);
    return openRotation(closed.ring, closed.transition, command, policy);
  });
  return [...now, ...afterwards];
}

/** A rotation's keys, as far as whoever asks names them. */
export type NamedKeys = { [Name in keyof NamedTransition]?: NamedTransition[Name] | undefined };

/** What is not named is taken as the open rotation has it. */
export function refusalsOfClose({ ring, transition }: StoredRing, named: NamedKeys): string[] {
  const oldKeyId = named.oldKeyId ?? transition?.oldKeyId ?? '';
  const newKeyId = named.newKeyId ?? transition?.newKeyId ?? '';
  return refusalsOf(() => closeRotation(ring, transition, { oldKeyId, newKeyId }));
}

export function refusalsOf(decision: () => unknown): string[] {
  try {
    decision();
    return [];
  } catch (error) {
    if (error instanceof Refusal) return [asProblem(error).detail];
    if (error instanceof Problem) return [error.detail];
    throw error;
  }
}
