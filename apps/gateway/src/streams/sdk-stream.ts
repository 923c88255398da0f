import type { ServerResponse } from 'node:http';
import { headers as names, type Scope } from '@plexsphere/wire';
import type { Msg } from 'nats';
import { EventSource } from './event-source';
import type { OpenStream } from './open-stream';

/** Ten minutes at most: then its Node asks at whichever gateway there is by now. At random, so that not all of them do. */
const LASTS_MS = { least: 8 * 60_000, most: 10 * 60_000 };
/** An answer that is kept short ends once nothing has followed for so long. */
const QUIET_MS = 500;
/**
 * A chain over thousands of changes comes at once, and its Node takes it at the pace of its line; whoever were cut off
 * amid it would be sent all of it again.
 */
const UNREAD_BYTES = 4 * 1_024 * 1_024;

/**
 * The stream of a Node that has the SDK, and so verifies by epochs, statements and chains whatever comes: all that a relay
 * sends it goes through, in the order in which it came. Where something may be missing the stream ends; its Node asks for
 * another, and says what it has.
 */
export class SdkStream implements OpenStream {
  readonly waits = false;
  private readonly source: EventSource;
  private readonly endsAtMs: number;
  private sequence: number | undefined;
  private passed = 0;
  private passedAtMs = 0;

  /** `keptForMs`: how long at most its Node wants to wait for an answer that has come to its end; undefined: it reads on. */
  constructor(
    readonly nodeId: string,
    readonly scope: Scope,
    response: ServerResponse,
    private readonly keptForMs: number | undefined,
  ) {
    this.source = new EventSource(response, UNREAD_BYTES);
    this.endsAtMs =
      performance.now() + (keptForMs ?? LASTS_MS.least + Math.random() * (LASTS_MS.most - LASTS_MS.least));
  }

  hear(message: Msg): void {
    if (!this.follows(message)) return this.end();
    const { data, headers } = message;
    const position = headers?.get(names.position) || undefined;
    this.source.put(headers?.get(names.kind) || 'event', Buffer.from(data).toString(), position);
    this.passed += 1;
    this.passedAtMs = performance.now();
  }

  gap(): void {
    this.end();
  }

  tick(nowMs = performance.now()): void {
    // The first is what answers its hello: with that alone nothing is new.
    const hasNews = this.keptForMs !== undefined && this.passed > 1 && nowMs - this.passedAtMs >= QUIET_MS;
    if (hasNews || nowMs >= this.endsAtMs) this.end();
    else this.source.keepAlive(nowMs);
  }

  /** Verified by what it holds. */
  ringChanged(): void {}

  /** It takes no states. */
  drifted(): void {}

  end(): void {
    this.source.end();
  }

  cut(): void {
    this.source.cut();
  }

  /** By the bus's sequences of this Node's subject. */
  private follows({ headers }: Msg): boolean {
    const [sequence, lastSequence] = [names.sequence, names.lastSequence].map((name) => Number(headers?.get(name)));
    const follows = this.sequence === undefined || lastSequence === this.sequence;
    this.sequence = sequence;
    return follows;
  }
}
