/** A message on the Node's stream, as far as its headers tell. No signature covers them: they order, and prove nothing. */
import { headers as wireHeaders } from '@plexsphere/wire';
import type { Msg } from 'nats';

export interface StreamMessage {
  kind: string;
  text: string;
  sequence?: number;
  /** The sequence of the message before on this Node's subject; 0 for the first. */
  lastSequence?: number;
  /** As the sender says it: compared, never believed. */
  position?: number;
}

export function streamMessage(message: Msg): StreamMessage {
  const header = (name: string): string | undefined => message.headers?.get(name) || undefined;
  const number = (name: string): number | undefined => countOf(header(name));
  const sequence = number(wireHeaders.sequence);
  const lastSequence = number(wireHeaders.lastSequence);
  const position = number(wireHeaders.position);
  return {
    kind: header(wireHeaders.kind) ?? 'event',
    text: message.string(),
    ...(sequence !== undefined && { sequence }),
    ...(lastSequence !== undefined && { lastSequence }),
    ...(position !== undefined && { position }),
  };
}

const countOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** By the bus's sequences, from one connection to its end: they begin at 1 again when the bus has lost its disk. */
export class SequenceWatch {
  private last: number | undefined;

  restart(): void {
    this.last = undefined;
  }

  /**
   * False for the first message after a hole. Says nothing about the first of a connection, or without headers. One that
   * comes twice leaves no hole, and is looked at like any other: no signature covers its number.
   */
  follows({ sequence, lastSequence }: StreamMessage): boolean {
    if (sequence === undefined) return true;
    const known = this.last === undefined || lastSequence === undefined;
    const follows = known || lastSequence === this.last || sequence === this.last;
    this.last = sequence;
    return follows;
  }
}
