/** Where whoever asks on the bus hears the answers: nobody else hears them there. */
import { randomBytes } from 'node:crypto';
import type { ServiceName } from './services';
import type { UserKind } from './traffic';

/** `hasNodeKey`: of a Node whose token is bound to its Node key, and hears orders. */
export type BusUser =
  | { kind: 'node'; id: string; hasNodeKey?: boolean | undefined }
  | { kind: 'operator'; id: string }
  | { kind: ServiceName };

export const idOf = (user: BusUser): string | undefined => ('id' in user ? user.id : undefined);

const INBOXES = '_INBOX';

/**
 * Where a kind hears its answers. Operators and Nodes are many, and each hears its own alone; the replicas of a service
 * share one credential, and so one inbox.
 */
export const inboxOf = (kind: UserKind, id?: string): string =>
  id === undefined ? `${INBOXES}.${kind}` : `${INBOXES}.${kind}.${id}`;

/** Every connection is made with this inbox prefix: the default one is closed to everybody. */
export const inboxPrefix = (user: BusUser): string => inboxOf(user.kind, idOf(user));

const TOKEN_BYTES = 16;
/** As many as are drawn at once: each draw costs far more than the bytes. */
const TOKENS_A_DRAW = 128;
let drawn = Buffer.alloc(0);
let used = 0;

/** 128 random bits as one token of a subject: whoever has seen others of its kind knows nothing of it. */
export function randomToken(): string {
  if (used === drawn.length) {
    drawn = randomBytes(TOKENS_A_DRAW * TOKEN_BYTES);
    used = 0;
  }
  return drawn.toString('base64url', used, (used += TOKEN_BYTES));
}
