/** Standard Webhooks: three headers, of which the last has a signature by each key, separated by spaces. */
import { isAnyMacOf, macText } from '../mac';
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

/** No full stop, which ends it in what is signed: `a.1` and `2` would sign what `a` and `1` do. */
const ID = /^[!-\-/-~]{1,256}$/;
const TIMESTAMP = /^(?:0|[1-9][0-9]{0,10})$/;
const SIGNATURE = /^v1,[A-Za-z0-9+/]{43}=$/;
const MAX_LENGTH = 2_048;
/** More than there are keys in a rotation: one signature is 48 characters. */
const MAX_SIGNATURES = 16;

export const isWebhookId = (id: unknown): id is string => typeof id === 'string' && ID.test(id);

export function readWebhookHeaders(headers: MessageHeaders): WebhookSignatures | RefusalReason {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signature = headerOf(headers, 'webhook-signature');
  if (id === undefined || timestamp === undefined || signature === undefined) return 'signature_missing';
  if (!isWebhookId(id) || !TIMESTAMP.test(timestamp) || signature.length > MAX_LENGTH) return 'malformed';
  // Others than v1 are of kinds that a channel has no keys for.
  const found = signature.split(' ').filter((each) => SIGNATURE.test(each));
  if (found.length === 0) return /(?:^| )v1,/.test(signature) ? 'malformed' : 'signature_missing';
  if (found.length > MAX_SIGNATURES) return 'malformed';
  return { id, timestamp, signatures: found.map((each) => each.slice('v1,'.length)) };
}

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
  const signatures = keys.map(({ secret }) => `v1,${macText(secret, head, body)}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** What is signed before the body. */
const headOf = (id: string, timestamp: string): string => `${id}.${timestamp}.`;
