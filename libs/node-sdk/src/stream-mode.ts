/** How a stream is asked for: as one that goes on, or, where nothing of that comes through, as short answers. */

/** A Node, or what stands before its gateway, says something at once. */
const FIRST_WITHIN_MS = 10_000;
/** Two of a gateway's signs of life, and some. */
const SILENCE_MS = 50_000;
/** What a gateway keeps a short answer for at most, in seconds (RFC 7240, section 4.3). */
const WAIT_S = 10;
/** After that whatever gathered answers may have stopped doing so. */
const SHORT_FOR_MS = 10 * 60_000;
/** One alone may have been a gateway that stood still. */
const TIMES = 2;

const ACCEPT = { accept: 'text/event-stream' };

export class StreamMode {
  private silences = 0;
  private shortUntilMs = 0;

  /** Whether short answers are asked for. */
  get polls(): boolean {
    return performance.now() < this.shortUntilMs;
  }

  get asked() {
    if (!this.polls) {
      const headers: Record<string, string> = ACCEPT;
      return { headers, answeredWithinMs: FIRST_WITHIN_MS, firstWithinMs: FIRST_WITHIN_MS, silenceMs: SILENCE_MS };
    }
    const wholeMs = 1_000 * WAIT_S + FIRST_WITHIN_MS;
    const headers = { ...ACCEPT, prefer: `wait=${WAIT_S}` };
    return { headers, answeredWithinMs: wholeMs, firstWithinMs: wholeMs, silenceMs: wholeMs };
  }

  cameThrough(): void {
    this.silences = 0;
  }

  /** Of a short answer neither: then it is not that answers are gathered. */
  nothingCame(): void {
    this.silences = this.polls ? 0 : this.silences + 1;
    this.shortUntilMs = this.silences < TIMES ? 0 : performance.now() + SHORT_FOR_MS;
  }
}
