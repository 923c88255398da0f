import type { Instant } from './go-node';
import type { StateForm } from './state-answer';

/** A state that was begun for a Node, by whichever gateway, as one of them has heard of it. */
export interface BegunState {
  readonly id: string;
  /** By the clock of the gateway that hears. */
  readonly heardAtMs: number;
  readonly answer: StateAnswer | null;
  /** The Node has worked it in, or will never. */
  readonly isOver: boolean;
  /** What it says of keys the Node has worked in last: a state that says the same sets none. */
  readonly isTaken: boolean;
}

/** The trust epoch that a state was answered by, when that was read, and how and what it said of keys, as text. */
export interface StateAnswer {
  readonly epoch: number;
  readonly form: StateForm;
  readonly keys: string;
  readonly readAt: Instant;
}

/** What gateways tell each other of a Node's states. */
export type StateNews =
  | { readonly what: 'begun'; readonly stateId: string }
  | ({ readonly what: 'answered'; readonly stateId: string } & StateAnswer)
  | { readonly what: 'drift'; readonly stateId: string };

/** As long as a Node waits for an answer: what has not come by then is never worked in. */
export const STATE_LASTS_MS = 30_000;

/**
 * What came in time lies in the Node's socket until it gets to it: one that stood still, a laptop or a machine that was moved,
 * works it in when it goes on. Until it asks for another, its last one is under way for so long.
 */
export const LAST_STATE_LASTS_MS = 5 * 60_000;

/**
 * With the news taken in. A Node asks for one state after the other, and says drift before it asks again: so a drift ends
 * its state and those before. The last that was answered stays: the next one's form goes by it, and it may say the same.
 */
export function withNews(states: readonly BegunState[], news: StateNews, nowMs: number): BegunState[] {
  const index = states.findIndex(({ id }) => id === news.stateId);
  if (news.what === 'begun') {
    const last = lastAnswered(states);
    const state = { id: news.stateId, heardAtMs: nowMs, answer: null, isOver: false, isTaken: false };
    return [...states.filter((each) => each === last || isUnderWay(each, nowMs)), state];
  }
  if (news.what === 'drift') {
    return states.map((state, at) => (at > index ? state : { ...state, isOver: true, isTaken: at === index }));
  }
  const { epoch, form, keys, readAt } = news;
  const before = lastAnswered(states.slice(0, Math.max(0, index)));
  const isTaken = before !== undefined && before.isTaken && before.answer?.keys === keys;
  return states.map((state, at) =>
    at === index ? { ...state, answer: { epoch, form, keys, readAt }, isTaken } : state,
  );
}

/** What was told meanwhile is not known: a Node may have worked in another state since. */
export const afterGap = (states: readonly BegunState[]): BegunState[] =>
  states.map((state) => ({ ...state, isTaken: false }));

const lastAnswered = (states: readonly BegunState[]): BegunState | undefined =>
  states.findLast(({ answer }) => answer !== null);

const isUnderWay = ({ heardAtMs, isOver }: BegunState, nowMs: number, lastsMs = STATE_LASTS_MS): boolean =>
  !isOver && nowMs - heardAtMs < lastsMs;

/** How many of them the Node may be working in, as far as is known. */
export const countUnderWay = (states: readonly BegunState[], nowMs: number): number =>
  states.filter((state) => isUnderWay(state, nowMs)).length;

/** What a key event meets: it waits, it is older than what the Node was given, or it may go. */
type Meeting = 'wait' | 'older' | 'go';

/**
 * An event that is older than a state that was given would take the Node back; so would one from before this gateway heard
 * of every state (`hearsSinceMs`), for all that it knows. And a Node that works an older state in after the event goes back
 * to that: so the event waits while one may be under way, heard of or not, but for one that says what the Node has taken.
 */
export function meetStates(
  event: { readonly epoch: number; readonly issuedAt: Date },
  states: readonly BegunState[],
  hearsSinceMs: number,
  nowMs: number,
): Meeting {
  const isPassed = states.some(({ answer }) => answer !== null && answer.epoch > event.epoch);
  if (isPassed) return 'older';
  if (nowMs - hearsSinceMs < STATE_LASTS_MS) return 'wait';
  // Asked for anew at once it would be so again, and again, where this clock is ahead of the one that it was issued by.
  if (event.issuedAt.getTime() < hearsSinceMs) return 'older';
  const isBefore = ({ answer, isTaken }: BegunState): boolean =>
    answer === null || (answer.epoch < event.epoch && !isTaken);
  const last = states.at(-1);
  const lasts = (state: BegunState): number => (state === last ? LAST_STATE_LASTS_MS : STATE_LASTS_MS);
  return states.some((state) => isUnderWay(state, nowMs, lasts(state)) && isBefore(state)) ? 'wait' : 'go';
}

/**
 * The one that a drift is of which came then, for whoever has heard all that was told before it. Where one was begun only
 * after it came, nobody knows: the drift may be of a process of the Node that is gone, and the state of the one after.
 */
export function driftingState(states: readonly BegunState[], cameAtMs: number): BegunState | undefined {
  const state = states.findLast(({ answer, isOver }) => answer !== null && !isOver);
  return state === undefined || state.heardAtMs > cameAtMs ? undefined : state;
}

/**
 * What a drift proves that the Node holds. A state that left its keys out sets none, nor does one that the Node took for
 * another reason (`setsKeys`: what the drift says of that).
 */
export function takenAnswer(state: BegunState | undefined, setsKeys: boolean): StateAnswer | undefined {
  const answer = state?.answer ?? undefined;
  return setsKeys && answer?.form !== 'left_out' ? answer : undefined;
}
