/**
 * The canonical text of an envelope: the exact bytes that its signature covers, as Nodes written in Go compute them.
 * Built once, signed, and sent as it is, so that nothing rests on a second serialisation.
 */
import { compactJson, escapeHtml, JsonTextError, wellFormed } from './json-text';
import { problem } from './problem';
import { parseRfc3339, type Rfc3339 } from './rfc3339';

export interface CanonicalFields {
  eventType: string;
  eventId: string;
  /** RFC 3339. */
  issuedAt: string;
  nonce: string;
  /** JSON text; null for no payload. */
  payload: string | null;
}

/** JSON.stringify already writes the control characters as Go does: short escapes, else `\u00xx` in lower case. */
export const canonicalString = (text: string): string =>
  NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : escapeHtml(JSON.stringify(wellFormed(text)));

/** What ids, nonces, types and scopes are made of. */
const NEEDS_NO_ESCAPE = /^[A-Za-z0-9_./:~-]*$/;

/** Puts together what is canonical already; for what comes from outside there is canonicalText. */
export const composeCanonical = (fields: CanonicalFields): string =>
  `{"event_type":${canonicalString(fields.eventType)},"event_id":${canonicalString(fields.eventId)},` +
  `"issued_at":"${fields.issuedAt}","nonce":${canonicalString(fields.nonce)},"payload":${fields.payload ?? 'null'}}`;

/**
 * The text to sign. Throws Problem invariantViolation with `field` `payload` where that is not JSON text (or nested
 * deeper than 512), `issued_at` where that is not RFC 3339, or the member that is empty: a Node would refuse those.
 */
export function canonicalText(fields: CanonicalFields): string {
  const issuedAt = parseRfc3339(fields.issuedAt);
  if (issuedAt === undefined) throw problem('invariantViolation', { field: 'issued_at' });
  return canonicalTextsAt(issuedAt)(fields);
}

/** The same where their time has been read, which takes as long as all else: once, for however many that have it. */
export function canonicalTextsAt({ text: issuedAt }: Rfc3339): (fields: Omit<CanonicalFields, 'issuedAt'>) => string {
  return ({ eventType, eventId, nonce, payload }) => {
    if (eventType === '') throw problem('invariantViolation', { field: 'event_type' });
    if (eventId === '') throw problem('invariantViolation', { field: 'event_id' });
    if (nonce === '') throw problem('invariantViolation', { field: 'nonce' });
    return composeCanonical({ eventType, eventId, issuedAt, nonce, payload: canonicalPayload(payload) });
  };
}

function canonicalPayload(payload: string | null): string | null {
  try {
    return payload === null ? null : compactJson(payload);
  } catch (error) {
    if (error instanceof JsonTextError) throw problem('invariantViolation', { field: 'payload' });
    throw error;
  }
}
