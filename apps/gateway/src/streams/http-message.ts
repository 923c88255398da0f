import type { StreamMessage } from '@plexsphere/keyring';
import { headers as names } from '@plexsphere/wire';
import type { Msg } from 'nats';

/** What was published to a Node, as far as its gateway looks at it: the rest is signed, and goes through as it came. */
export type HttpMessage = StreamMessage & { eventType: string; body: string };

/** Undefined for what is none of ours. */
export function readHttpMessage({ headers, data }: Msg): HttpMessage | undefined {
  const text = (name: string): string | undefined => headers?.get(name) || undefined;
  const count = (name: string): number | undefined => {
    const number = Number(text(name) ?? NaN);
    return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
  };
  const issuedAt = new Date(text(names.issuedAt) ?? '');
  const [sequence, lastSequence, epoch] = [count(names.sequence), count(names.lastSequence), count(names.trustEpoch)];
  const eventType = text(names.eventType);
  if (sequence === undefined || lastSequence === undefined || epoch === undefined || eventType === undefined) return;
  if (Number.isNaN(issuedAt.getTime())) return;
  const message = { sequence, lastSequence, epoch, issuedAt, eventType, body: Buffer.from(data).toString() };
  const [from, position] = [count(names.from), count(names.position)];
  if (from !== undefined) return { ...message, kind: 'key', from };
  if (position === undefined) return undefined;
  if (headers?.has(names.helloId) !== true) return { ...message, kind: 'ordinary', position };
  return { ...message, kind: 'ready', position, helloId: text(names.helloId) ?? '' };
}
