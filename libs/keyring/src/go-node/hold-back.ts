/** A state on its way to a Node. Times in milliseconds by the clock of the gateway that asks. */
export interface StateUnderWay {
  readonly heardAtMs: number;
  /** The trust epoch that it is answered by; null while that is not known. */
  readonly epoch: number | null;
  /** Its drift has come, or its connection closed before it was answered. */
  readonly isOver: boolean;
}

/** As long as a Node waits for an answer: what has not come by then is never worked in. */
export const STATE_LASTS_MS = 30_000;

/**
 * Until when a key event waits for states that were begun before it: a Node that works an older one in after the event
 * goes back to it. null: it goes at once. `hearsSince`: from when on this gateway has heard of every state.
 */
export function heldBackUntil(
  keyEpoch: number,
  states: readonly StateUnderWay[],
  hearsSinceMs: number,
  nowMs: number,
): number | null {
  const ends = states
    .filter(({ epoch, isOver }) => !isOver && (epoch === null || epoch < keyEpoch))
    .map(({ heardAtMs }) => heardAtMs + STATE_LASTS_MS);
  const until = Math.max(hearsSinceMs + STATE_LASTS_MS, ...ends);
  return until > nowMs ? until : null;
}
