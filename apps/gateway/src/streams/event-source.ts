import type { ServerResponse } from 'node:http';
import type { HttpMessage } from './http-message';

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

  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, HEADERS);
    // A first line at once: the Node sees that it is in, and a proxy that there is something to pass on.
    this.put(':\n\n');
  }

  /** News of keys have no id: the Node's own place in its stream is not moved by them. */
  write(message: HttpMessage): void {
    const id = message.kind === 'key' ? '' : `id: ${message.position}\n`;
    this.put(`${id}event: ${message.eventType}\ndata: ${message.body}\n\n`);
  }

  keepAlive(nowMs = performance.now()): void {
    if (nowMs - this.wroteAtMs >= SILENCE_MS) this.put(':\n\n');
  }

  end(): void {
    this.response.end();
  }

  private put(text: string): void {
    this.wroteAtMs = performance.now();
    this.response.write(text);
    if (this.response.writableLength > UNREAD_BYTES) this.response.destroy();
  }
}
