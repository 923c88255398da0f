/** Standard Webhooks: three headers, of which the last has a signature by each key, separated by spaces. */
import { isAnyMacOf, isMacText, macText } from '../mac';
import { headerOf, type MessageHeaders } from '../headers';
import type { ChannelKey } from '../keys/channel-keys';
import type { RefusalReason } from '../refusals';

export interface WebhookSignatures {
  id: string;
  /** Seconds, as they are spelled: what was signed. */
  timestamp: string;
  /** In base64. */
  signatures: readonly string[];
}

const MAX_ID = 256;
const [SPACE, FULL_STOP, TILDE] = [0x20, 0x2e, 0x7e];
const TIMESTAMP = /^(?:0|[1-9][0-9]{0,10})$/;
const V1 = 'v1,';
const MAX_LENGTH = 2_048;
/** More than there are keys in a rotation: one signature is 48 characters. */
const MAX_SIGNATURES = 16;

/**
 * Printable and without a full stop, which ends it in what is signed: `a.1` and `2` would sign what `a` and `1` do. Each
 * message's id is looked at, and each of its signatures: patterns for so few characters take several times as long.
 */
export function isWebhookId(id: unknown): id is string {
  if (typeof id !== 'string' || id.length === 0 || id.length > MAX_ID) return false;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    if (code <= SPACE || code > TILDE || code === FULL_STOP) return false;
  }
  return true;
}

export function readWebhookHeaders(headers: MessageHeaders): WebhookSignatures | RefusalReason {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signature = headerOf(headers, 'webhook-signature');
  if (id === undefined || timestamp === undefined || signature === undefined) return 'signature_missing';
  if (!isWebhookId(id) || !TIMESTAMP.test(timestamp) || signature.length > MAX_LENGTH) return 'malformed';
  // Others than v1 are of kinds that a channel has no keys for.
  const found = signature.split(' ').filter(isV1);
  if (found.length === 0) return /(?:^| )v1,/.test(signature) ? 'malformed' : 'signature_missing';
  if (found.length > MAX_SIGNATURES) return 'malformed';
  return { id, timestamp, signatures: found.map((each) => each.slice(V1.length)) };
}

/** Whether it is spelled as one: the kind, a comma, and an HMAC-SHA256 in base64. */
const isV1 = (signature: string): boolean => signature.startsWith(V1) && isMacText(signature, V1.length);

export const isWebhookBy =
  ({ id, timestamp, signatures }: WebhookSignatures, body: Uint8Array) =>
  ({ secret }: ChannelKey): boolean =>
    isAnyMacOf(signatures, secret, headOf(id, timestamp), body);

/** By all of these, in their order. */
export function webhookHeaders(
  keys: readonly ChannelKey[],
  { id, timestamp, body }: { id: string; timestamp: string; body: string | Uint8Array },
): Record<string, string> {
  const head = headOf(id, timestamp);
  const signatures = keys.map(({ secret }) => `${V1}${macText(secret, head, body)}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** What is signed before the body. */
const headOf = (id: string, timestamp: string): string => `${id}.${timestamp}.`;
