import { announcedKeys, type Announced, type VerifyingKey } from '@plexsphere/keyring';
import {
  problem,
  type KeyView,
  type PlatformKeyRotated,
  type RingView,
  type SigningKeyRotated,
} from '@plexsphere/wire';
import type { Announce } from '@plexsphere/wire/commands';
import { readStatement } from '@plexsphere/wire/jws';
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
 * @throws Problem unknownKey where `key_id` may not sign it; invariantViolation, field `event_type`, where the ring's last
 * statement changes nothing that a Node trusts, or something else than the ring shows: there the chain tells
 */
export function announcementOf(request: Announce, ring: RingView, platform: RingView): Announcement {
  switch (request.event_type) {
    case 'signing_key_rotated':
      return { key: named(activeBefore(ring), request), payload: rotated(ring) };
    case 'platform_key_rotated': {
      const key = named(activeKey(ring), request);
      const { epoch, transition_expires, statement } = rotated(platform);
      return { key, payload: { epoch, ...(transition_expires !== undefined && { transition_expires }), statement } };
    }
  }
}

/**
 * Whoever has not heard of the last change holds this key as the active one: the key that gave way, while it verifies;
 * else the present one, beside which another came or went.
 */
const activeBefore = (ring: RingView): KeyView => keyInState(ring, 'retiring') ?? activeKey(ring);

function named(key: KeyView, { key_id }: Announce): KeyView {
  if (key.key_id !== key_id) throw problem('unknownKey', { field: 'key_id' });
  return key;
}

/**
 * What the ring's last change of trust left. Its statement is the ring's last: whoever lacks another one, too, could not
 * follow it. A Node reads `current` as the newest trusted key, and dies of an event without one.
 */
function rotated(ring: RingView): SigningKeyRotated {
  const text = stated(ring.statement);
  const { current, previous } = announcedIn(ring);
  const [newKey, oldKey] = [stated(current.public_key), previous && stated(previous.public_key)];
  const { epoch, scope, opened_at, transition_expires, old_key_id, ...statement } = readStatement(text);
  const isOfTrust = epoch === ring.trust_epoch && epoch === ring.head_epoch && old_key_id !== null;
  const fits =
    newKey === statement.new_public_key &&
    (previous === null ? transition_expires === null : isTrustedUntil(transition_expires, previous, current)) &&
    (oldKey === null || oldKey === statement.old_public_key);
  if (!isOfTrust || !fits) throw problem('invariantViolation', { field: 'event_type' });
  return {
    current: newKey,
    ...(oldKey !== null && transition_expires !== null && { previous: oldKey, transition_expires }),
    ...{ scope, old_key_id, new_key_id: statement.new_key_id, opened_at, epoch, statement: text },
  };
}

/** Which of the two has an end does not matter: the staged key, or the one that retires. */
const isTrustedUntil = (expires: string | null, ...keys: Pick<KeyView, 'verifies_until'>[]): boolean =>
  expires !== null && keys.some(({ verifies_until: end }) => end !== null && Date.parse(end) === Date.parse(expires));

const announcedIn = ({ keys }: RingView): Announced<KeyView & VerifyingKey> =>
  announcedKeys(
    keys.map((key) => ({ ...key, verifiesUntil: key.verifies_until === null ? null : new Date(key.verifies_until) })),
  );
