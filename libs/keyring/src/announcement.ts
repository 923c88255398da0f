import type { KeyRing } from './key-ring';

/** What a Node's stream has told it already: the last epoch whose announcement stands on it. */
export interface ToldNode {
  readonly toldEpoch: number;
}

export type KeyEventType = 'signing_key_rotated' | 'signing_key_retired';

/** What must go to a Node before anything else does. */
export type KeyMessage =
  | { readonly kind: 'none' }
  | { readonly kind: 'announce'; readonly eventType: KeyEventType; readonly keyId: string }
  | { readonly kind: 'chain' };

/**
 * How to tell a Node of the present ring, whatever it has missed between. An announcement is signed by the key that was
 * active when the Node was last told, for that one it surely trusts; where that key verifies no more (closed, revoked),
 * no envelope can reach the Node and the statements have to prove themselves.
 *
 * @param activeAt the key id that was active at an epoch of this ring; undefined where that is not known
 */
export function nextKeyMessage(
  toldEpoch: ToldNode['toldEpoch'],
  ring: Pick<KeyRing, 'epoch' | 'trustEpoch' | 'keys'>,
  activeAt: (epoch: number) => string | undefined,
): KeyMessage {
  if (toldEpoch >= ring.epoch) return { kind: 'none' };
  const keyId = activeAt(toldEpoch);
  const state = ring.keys.find((key) => key.keyId === keyId)?.state;
  if (keyId === undefined || (state !== 'active' && state !== 'retiring')) return { kind: 'chain' };
  const eventType = toldEpoch < ring.trustEpoch ? 'signing_key_rotated' : 'signing_key_retired';
  return { kind: 'announce', eventType, keyId };
}
