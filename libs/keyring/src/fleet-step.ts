import { isOffline } from './progress';

/** A fleet run as its row has it: what was ordered, and how many of its steps are in which state. */
export interface FleetFacts {
  /** Failures after which no further wave begins; null: it goes on whatever fails. */
  readonly mostFailures: number | null;
  readonly deadlineMs: number;
  readonly waves: number;
  /** The wave that is under way, or was last; 0 before the first. */
  readonly wave: number;
  readonly waveBeganAt: Date | null;
  /** How often the wave's Nodes were told, its beginning counted. */
  readonly nudges: number;
  /** Steps that were ordered and have not ended. */
  readonly ordered: number;
  readonly failed: number;
  /** Failures that an operator has gone on after. */
  readonly forgiven: number;
}

export type NextFleetStep =
  | { readonly step: 'begin_wave'; readonly wave: number }
  /** Whoever is still waited for is told again, the so-manieth time. */
  | { readonly step: 'nudge'; readonly nudge: number }
  /** The wave's time is over: who is still waited for has failed. */
  | { readonly step: 'end_wave' }
  | { readonly step: 'halt' }
  | { readonly step: 'finish' }
  | { readonly step: 'wait'; readonly until: Date };

/** At a wave's beginning, at a third and at two thirds of its time. */
export const NUDGES = 3;

/** What is next of a run that is neither halted nor over. A wave that is under way ends before anything else is decided. */
export function nextFleetStep(run: FleetFacts, now: Date): NextFleetStep {
  if (run.ordered > 0 && run.waveBeganAt !== null) return underWay(run, run.waveBeganAt.getTime(), now.getTime());
  if (run.wave === run.waves) return { step: 'finish' };
  if (run.mostFailures !== null && run.failed - run.forgiven > run.mostFailures) return { step: 'halt' };
  return { step: 'begin_wave', wave: run.wave + 1 };
}

function underWay({ deadlineMs, nudges }: FleetFacts, beganAt: number, now: number): NextFleetStep {
  if (now >= beganAt + deadlineMs) return { step: 'end_wave' };
  // Of those that are missed the last one is sent alone.
  const nudge = Math.min(NUDGES, 1 + Math.floor(((now - beganAt) * NUDGES) / deadlineMs));
  if (nudge > nudges) return { step: 'nudge', nudge };
  return { step: 'wait', until: new Date(Math.ceil(beganAt + (nudges * deadlineMs) / NUDGES)) };
}

/** How a run stops at failures, as it was ordered. */
export const mostFailuresOf = (
  onError: 'continue' | 'stop-after' | 'fail-fast',
  stopAfter: number | null,
): number | null => (onError === 'continue' ? null : onError === 'fail-fast' ? 0 : (stopAfter ?? 0));

/** As many as a run of one wave has at once: all of them. */
const ALL_AT_ONCE = 2 ** 31 - 1;

/** How many Nodes a wave has. */
export function batchOf(mode: 'sequential' | 'rolling' | 'parallel', batch: number | null): number {
  if (mode === 'parallel') return ALL_AT_ONCE;
  return mode === 'sequential' ? 1 : (batch ?? 1);
}

export const wavesOf = (nodes: number, batch: number): number => Math.ceil(nodes / batch);

/** What is known of a Node that a run has, or is about to have, under way. */
export interface StepFacts {
  readonly node: 'enrolled' | 'removed' | 'revoked';
  readonly isContested: boolean;
  /** Whether its key is another one by now. */
  readonly hasChanged: boolean;
  /** On the bus, by any of its keys; undefined where that is not known. */
  readonly connections: number | undefined;
  /** Its last word. */
  readonly heardAt: Date;
}

/** Why a Node has no part in a wave that begins; null where it has. */
export const refusedBy = ({ node, isContested }: Pick<StepFacts, 'node' | 'isContested'>) =>
  node !== 'enrolled' ? node : isContested ? 'contested' : null;

/** Why a Node that was ordered to change its key has not done so in time. */
export function failureOf(facts: StepFacts, isListFull: boolean, now: Date) {
  const refused = refusedBy(facts);
  if (refused !== null) return refused;
  if (facts.hasChanged) return 'not_confirmed';
  // Silence alone is known late: who was cut off a minute ago is offline by the bus' own word.
  if (facts.connections === 0 || isOffline(facts.heardAt, now)) return 'offline';
  return isListFull ? 'revocation_list_full' : 'no_answer';
}
