/** How a stream is asked for: as one that goes on, or, where nothing of that comes through, as short answers. */

export interface StreamTimes {
  /** A gateway says something at once. */
  firstWithinMs: number;
  /** Two of its signs of life, and some. */
  silenceMs: number;
  /** What a gateway keeps a short answer for at most, in seconds (RFC 7240, section 4.3). */
  waitS: number;
  /** After that whatever gathered answers may have stopped doing so. */
  shortForMs: number;
}

export const STREAM_TIMES: StreamTimes = {
  firstWithinMs: 10_000,
  silenceMs: 50_000,
  waitS: 10,
  shortForMs: 10 * 60_000,
};

/** One silent answer alone may have been of a gateway that stood still. */
const TIMES = 2;

const ACCEPT = { accept: 'text/event-stream' };

export class StreamMode {
  private silences = 0;
  private shortUntilMs = 0;

  constructor(private readonly times: StreamTimes) {}

  /** Whether short answers are asked for. */
  get polls(): boolean {
    return performance.now() < this.shortUntilMs;
  }

  get asked() {
    const { firstWithinMs, silenceMs, waitS } = this.times;
    if (!this.polls) {
      const headers: Record<string, string> = ACCEPT;
      return { headers, answeredWithinMs: firstWithinMs, firstWithinMs, silenceMs };
    }
    const wholeMs = 1_000 * waitS + firstWithinMs;
    const headers = { ...ACCEPT, prefer: `wait=${waitS}` };
    return { headers, answeredWithinMs: wholeMs, firstWithinMs: wholeMs, silenceMs: wholeMs };
  }

  cameThrough(): void {
    this.silences = 0;
  }

  /** Of a short answer neither: then it is not that answers are gathered. */
  nothingCame(): void {
    this.silences = this.polls ? 0 : this.silences + 1;
    this.shortUntilMs = this.silences < TIMES ? 0 : performance.now() + this.times.shortForMs;
  }
}
