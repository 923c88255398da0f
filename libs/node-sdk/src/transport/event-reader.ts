/**
 * Server-sent events (HTML Living Standard, section 9.2.6), as bytes come: lines, and what they say of an event. How much
 * may come before a line or an event ends is fixed, so that no text is put together, and none parsed, that nobody sends.
 */
import type { IncomingMessage } from 'node:http';
import { HttpFailure, SILENCE } from './http-failure';

/** A chain of the most statements that one message has, and what stands around it. */
export const MOST_EVENT_BYTES = 1_048_576 + 4_096;

export interface SentEvent {
  id: string;
  event: string;
  data: string;
}

const NEWLINE = 0x0a;
const FIELD = /^(id|event|data)(?:: ?(.*))?$/s;
const nothing = (): SentEvent => ({ id: '', event: '', data: '' });

export class EventReader {
  private parts: Buffer[] = [];
  private bytes = 0;
  private event = nothing();

  constructor(private readonly mostBytes = MOST_EVENT_BYTES) {}

  /** @throws HttpFailure */
  *take(chunk: Buffer): Generator<SentEvent> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.add(chunk.subarray(from, end));
      from = end + 1;
      const event = this.line();
      if (event !== undefined) yield event;
    }
    this.add(chunk.subarray(from));
  }

  /** Of all lines of an event, its comments too. */
  private add(part: Buffer): void {
    this.bytes += part.length;
    if (this.bytes > this.mostBytes) throw new HttpFailure('too long');
    if (part.length > 0) this.parts.push(part);
  }

  private line(): SentEvent | undefined {
    const line = Buffer.concat(this.parts).toString().replace(/\r$/, '');
    this.parts = [];
    if (line === '') return this.end();
    const [, field, value = ''] = FIELD.exec(line) ?? [];
    if (field === 'data') this.event.data += `${this.event.data === '' ? '' : '\n'}${value}`;
    else if (field !== undefined) this.event[field as 'id' | 'event'] = value;
    return undefined;
  }

  private end(): SentEvent | undefined {
    const { event } = this;
    this.event = nothing();
    this.bytes = 0;
    return event.data === '' ? undefined : event;
  }
}

export interface Patience {
  firstWithinMs: number;
  silenceMs: number;
}

/**
 * What comes on an answer, until it ends; undefined for what is no event. Only who waits for the other side is impatient:
 * while an event is being worked on nothing is read.
 * @throws HttpFailure
 */
export async function* readEvents(
  response: IncomingMessage,
  { firstWithinMs, silenceMs }: Patience,
): AsyncGenerator<SentEvent | undefined> {
  const reader = new EventReader();
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (let patienceMs = firstWithinMs; ; patienceMs = silenceMs) {
      const timer = setTimeout(() => response.destroy(new HttpFailure(SILENCE)), patienceMs);
      const { done, value } = await chunks.next().finally(() => clearTimeout(timer));
      if (done === true) return;
      yield undefined;
      yield* reader.take(value);
    }
  } finally {
    response.destroy();
  }
}
