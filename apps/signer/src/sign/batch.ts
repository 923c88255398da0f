import { isEventType, isReservedEventType, problem } from '@plexsphere/wire';
import type { BatchedEnvelope } from '@plexsphere/wire/commands';
import type { SealedFields } from './envelope';

/**
 * A resync says what has expired, which the relay alone knows; it changes nothing that a Node trusts. All else that is
 * reserved a signer builds itself.
 * @throws Problem reservedEventType
 */
export function requireOpenType(eventType: string, members: { index?: number } = {}): void {
  if (isReservedEventType(eventType) && eventType !== 'resync')
    throw problem('reservedEventType', { field: 'event_type', ...members });
}

/** What is to be sealed. @throws Problem invariantViolation, reservedEventType: `field` with the `index` of the first */
export const batchFields = (envelopes: readonly BatchedEnvelope[]): SealedFields[] =>
  envelopes.map(({ event_type: eventType, event_id: eventId, payload, nonce }, index) => {
    if (!isEventType(eventType)) throw problem('invariantViolation', { field: 'event_type', index });
    requireOpenType(eventType, { index });
    return { eventType, eventId, nonce, payload };
  });
