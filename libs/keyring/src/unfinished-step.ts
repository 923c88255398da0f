import type { TransitionOutcome } from './transition';

/** What is recorded of a transition beside the ring's state. */
export interface TransitionRecord {
  readonly outcome: TransitionOutcome | null;
  /** When no lease of the epoch before it was left. */
  readonly switchedAt: Date | null;
  /** The same for the change that ended it. */
  readonly endSwitchedAt: Date | null;
  readonly oldKeyDestroyedAt: Date | null;
}

export interface UnfinishedStep {
  readonly step: 'finish_switch' | 'finish_close_switch' | 'destroy_old_key';
  /** Constant text, for the log. */
  readonly reason: string;
}

/** What a process that died has left to finish; null where nothing is. */
export function unfinishedStep(record: TransitionRecord): UnfinishedStep | null {
  if (record.outcome === null) {
    return record.switchedAt === null ? { step: 'finish_switch', reason: 'opened, switch not recorded' } : null;
  }
  // A switch leaves no lease of any earlier epoch, so the first one, never recorded, is finished by this one as well.
  if (record.endSwitchedAt === null) return { step: 'finish_close_switch', reason: 'ended, switch not recorded' };
  // After a rollback the old key is the one that signs; what a revocation destroys is not said by the old key's record.
  if (record.outcome === 'closed' && record.oldKeyDestroyedAt === null) {
    return { step: 'destroy_old_key', reason: 'closed and switched, old key not destroyed' };
  }
  return null;
}
