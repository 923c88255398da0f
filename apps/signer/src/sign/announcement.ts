import {
  problem,
  type KeyView,
  type PlatformKeyRotated,
  type RingView,
  type SigningKeyRotated,
  type TransitionView,
} from '@plexsphere/wire';
import type { Announce } from '@plexsphere/wire/commands';
import { activeKey, keyInState, stated } from './signing-ring';

/** What is announced, and by which key of the scope's ring. */
export interface Announcement {
  key: KeyView;
  payload: SigningKeyRotated | PlatformKeyRotated;
}

/**
 * The announcement that the caller asks for, built from the rings alone. `platform` is the platform's ring.
 *
 * Only `signing_key_rotated` may be by the outgoing key: a key signs nothing else once it has a successor (promise P2).
 * @throws Problem unknownKey where `key_id` may not sign it; noOpenRotation where there is nothing to announce
 */
export function announcementOf(request: Announce, ring: RingView, platform: RingView): Announcement {
  switch (request.event_type) {
    case 'signing_key_rotated':
      return { key: keyOf(ring, request.key_id, ['active', 'retiring']), payload: rotated(ring) };
    case 'platform_key_rotated':
      return { key: keyOf(ring, request.key_id, ['active']), payload: platformRotated(platform) };
  }
}

function keyOf(ring: RingView, keyId: string, states: KeyView['state'][]): KeyView {
  const key = ring.keys.find((each) => each.key_id === keyId && states.includes(each.state));
  if (key === undefined) throw problem('unknownKey', { field: 'key_id' });
  return key;
}

/** A Node reads `current` as the newest trusted key; it dies of an event without one, so both must be there. */
function rotated(ring: RingView): SigningKeyRotated {
  const { old_key_id, new_key_id, opened_at, transition_expires } = openTransition(ring);
  const current = activeKey(ring);
  const previous = keyInState(ring, 'retiring');
  if (current.key_id !== new_key_id || previous?.key_id !== old_key_id) throw problem('noOpenRotation');
  return {
    current: stated(current.public_key),
    previous: stated(previous.public_key),
    transition_expires,
    scope: ring.scope,
    old_key_id,
    new_key_id,
    opened_at,
    epoch: ring.trust_epoch,
    statement: stated(ring.statement),
  };
}

/** Of an open transition only: afterwards `transition_expires` would have a Node trust a key that is retired. */
function platformRotated(platform: RingView): PlatformKeyRotated {
  const { transition_expires } = openTransition(platform);
  return { epoch: platform.trust_epoch, transition_expires, statement: stated(platform.statement) };
}

function openTransition({ transition }: RingView): TransitionView {
  if (transition === null || transition.outcome !== null) throw problem('noOpenRotation');
  return transition;
}
