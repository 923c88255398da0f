import type { ServerResponse } from 'node:http';

/** Two of a client's three seconds before the contract's 25 are over. */
const SILENCE_MS = 20_000;

/** What a Node that does not read leaves unread: then it is cut off, and what it has not had comes again. */
const UNREAD_BYTES = 256 * 1_024;

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  // A proxy that gathers an answer before it passes it on would hold events back.
  'x-accel-buffering': 'no',
  'x-plexsphere-api-version': 'v1',
  'x-content-type-options': 'nosniff',
} as const;

/** Server-sent events on one answer. */
export class EventSource {
  private wroteAtMs = performance.now();

  constructor(
    private readonly response: ServerResponse,
    private readonly unreadBytes = UNREAD_BYTES,
  ) {
    response.writeHead(200, HEADERS);
    // A first line at once: the Node sees that it is in, and a proxy that there is something to pass on.
    this.write(':\n\n');
  }

  /** Without an id the Node's own place in its stream is not moved. */
  put(eventType: string, body: string, id?: string | number): void {
    this.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${eventType}\ndata: ${body}\n\n`);
  }

  keepAlive(nowMs = performance.now()): void {
    if (nowMs - this.wroteAtMs >= SILENCE_MS) this.write(':\n\n');
  }

  /** Whether nothing goes out on it any more: it was ended, or the connection is gone. */
  get isOver(): boolean {
    return this.response.writableEnded || this.response.destroyed;
  }

  end(): void {
    if (!this.isOver) this.response.end();
  }

  /** Nothing more goes out, not even what waits for its reader. */
  cut(): void {
    this.response.destroy();
  }

  private write(text: string): void {
    if (this.isOver) return;
    this.wroteAtMs = performance.now();
    this.response.write(text);
    if (this.response.writableLength > this.unreadBytes) this.cut();
  }
}
