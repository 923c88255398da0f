import type { Instant } from './go-node';
import type { StateForm } from './state-answer';

/** A state that was begun for a Node, by whichever gateway, as one of them has heard of it. */
export interface BegunState {
  readonly id: string;
  /** By the clock of the gateway that hears. */
  readonly heardAtMs: number;
  /** The trust epoch that it was answered by, when that was read, and how it said its keys; null before the answer. */
  readonly answer: { readonly epoch: number; readonly form: StateForm; readonly readAt: Instant } | null;
  /** The Node has worked it in, or will never. */
  readonly isOver: boolean;
}

/** What gateways tell each other of a Node's states. */
export type StateNews =
  | { readonly what: 'begun'; readonly stateId: string }
  | ({ readonly what: 'answered'; readonly stateId: string } & NonNullable<BegunState['answer']>)
  | { readonly what: 'drift'; readonly stateId: string };

/** As long as a Node waits for an answer: what has not come by then is never worked in. */
export const STATE_LASTS_MS = 30_000;

/**
 * With the news taken in. A Node asks for one state after the other, and says drift before it asks again: so a drift ends
 * its state and those before. The last one stays, since the next one's form goes by it.
 */
export function withNews(states: readonly BegunState[], news: StateNews, nowMs: number): BegunState[] {
  if (news.what === 'begun') {
    const state = { id: news.stateId, heardAtMs: nowMs, answer: null, isOver: false };
    return [...states.filter((each, index) => index === states.length - 1 || isUnderWay(each, nowMs)), state];
  }
  if (news.what === 'drift') {
    const last = states.findIndex(({ id }) => id === news.stateId);
    return states.map((state, index) => (index <= last ? { ...state, isOver: true } : state));
  }
  return states.map((state) => {
    const { epoch, form, readAt } = news;
    return state.id === news.stateId ? { ...state, answer: { epoch, form, readAt } } : state;
  });
}

const isUnderWay = ({ heardAtMs, isOver }: BegunState, nowMs: number): boolean =>
  !isOver && nowMs - heardAtMs < STATE_LASTS_MS;

/** What a key event meets: it waits, it is older than what the Node was given, or it may go. */
export type Meeting = 'wait' | 'older' | 'go';

/**
 * An event that is older than a state that was given would take the Node back; so would one from before this gateway heard
 * of every state (`hearsSinceMs`), for all that it knows. And a Node that works an older state in after the event goes back
 * to that: so the event waits while one may be under way, heard of or not.
 */
export function meetStates(
  event: { readonly epoch: number; readonly issuedAt: Date },
  states: readonly BegunState[],
  hearsSinceMs: number,
  nowMs: number,
): Meeting {
  const isPassed = states.some(({ answer }) => answer !== null && answer.epoch > event.epoch);
  if (isPassed || event.issuedAt.getTime() < hearsSinceMs) return 'older';
  if (nowMs - hearsSinceMs < STATE_LASTS_MS) return 'wait';
  const isBefore = ({ answer }: BegunState): boolean => answer === null || answer.epoch < event.epoch;
  return states.some((state) => isUnderWay(state, nowMs) && isBefore(state)) ? 'wait' : 'go';
}

/** The one that a drift is of which comes now, for whoever has heard all that was told before it. */
export const driftingState = (states: readonly BegunState[]): BegunState | undefined =>
  states.findLast(({ answer, isOver }) => answer !== null && !isOver);
