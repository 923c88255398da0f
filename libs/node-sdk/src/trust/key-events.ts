/**
 * Key events: envelopes of the signing plane itself. Each is a function from what the Node holds to what it holds then,
 * and all that it changes stands in a statement: what the envelope says beside it must agree.
 *
 * During an overlap the outgoing key still verifies, and it may have leaked: that is why one rotates. So it has no say
 * in what comes next: an announcement is by the active key of the Node's own ring, and its statement by whoever has the
 * say over the ring that it changes. It carries one statement, which must follow the Node's head.
 */
import { PLATFORM, publicKeyFromText, type Envelope, type TrustedKey } from '@plexsphere/wire';
import {
  STATEMENT_TYPES,
  activeKeyOf,
  isSameKey,
  readLink,
  takeLink,
  type ChainAnchor,
  type Link,
  type SuperiorFor,
} from '@plexsphere/wire/jws';
import { KeyChangeError, refusing, type KeyChange } from './key-change';
import { readPlatformRotated, readRotated } from './key-payload';
import { withPlatform, withRing, type TrustState } from './trust-state';

const KEY_EVENTS = { signing_key_rotated: takeRotated, platform_key_rotated: takePlatformRotated } as const;
type KeyEventType = keyof typeof KEY_EVENTS;

export const isKeyEvent = (eventType: string): eventType is KeyEventType => Object.hasOwn(KEY_EVENTS, eventType);

/** `verifiedBy` is the key under which the envelope verified. */
export const takeKeyEvent = (
  state: TrustState,
  eventType: KeyEventType,
  envelope: Envelope,
  verifiedBy: TrustedKey,
): Promise<KeyChange> => refusing<KeyChange>(async () => KEY_EVENTS[eventType](state, envelope.payload, verifiedBy));

function takeRotated(state: TrustState, text: string, verifiedBy: TrustedKey): KeyChange {
  const payload = readRotated(text);
  if (payload.scope !== state.scope) throw new KeyChangeError('wrong_scope');
  const link = linkOf(payload, state.scope);
  const { statement } = link;
  const isAlone = STATEMENT_TYPES[statement.type].beside === 'nobody';
  const agrees =
    payload.current === statement.new_public_key &&
    payload.previous === (isAlone ? undefined : statement.old_public_key) &&
    payload.new_key_id === statement.new_key_id &&
    payload.old_key_id === statement.old_key_id &&
    payload.opened_at === statement.opened_at;
  if (!agrees) throw new KeyChangeError('malformed');
  const ring = follow(link, state.ring, state, verifiedBy);
  return ring === undefined ? { kind: 'superseded', state } : { kind: 'taken', state: withRing(state, ring) };
}

/** By the Domain's key, which has no say over the platform's: the statement alone proves the change. */
function takePlatformRotated(state: TrustState, text: string, verifiedBy: TrustedKey): KeyChange {
  const payload = readPlatformRotated(text);
  const platform = follow(linkOf(payload, PLATFORM), state.platform, state, verifiedBy);
  return platform === undefined
    ? { kind: 'superseded', state }
    : { kind: 'taken', state: withPlatform(state, platform) };
}

interface Announced {
  epoch: number;
  transition_expires?: string;
  statement: string;
}

/** Read once: what it says, its hash and its signatures. */
function linkOf({ epoch, transition_expires, statement: text }: Announced, scope: string): Link {
  const link = readLink(text);
  const { statement } = link;
  if (statement.scope !== scope) throw new KeyChangeError('wrong_scope');
  // What changes no trust is told by a chain message: a bundle goes with it.
  const changesTrust = STATEMENT_TYPES[statement.type].beside !== 'unchanged';
  const agrees = epoch === statement.epoch && (transition_expires ?? null) === statement.transition_expires;
  if (!agrees || !changesTrust) throw new KeyChangeError('malformed');
  return link;
}

/** The anchor after the statement; undefined where the Node has taken it already. */
function follow(link: Link, from: ChainAnchor, state: TrustState, verifiedBy: TrustedKey): ChainAnchor | undefined {
  if (link.hash === from.statementHash) return undefined;
  if (!isSameKey(verifiedBy, activeKeyOf(state.ring))) throw new KeyChangeError('unknown_key');
  return takeLink(link.statement.scope, from, link, superiorOf(state));
}

/** Of the platform's keys a Node that hears nothing else knows the active one, and since when it is that. */
const superiorOf =
  ({ platform, recoveryPublicKey }: TrustState): SuperiorFor =>
  ({ authority_epoch: epoch }) => {
    if (epoch === null) return { publicKey: publicKeyFromText(recoveryPublicKey) };
    return epoch >= platform.headEpoch ? activeKeyOf(platform) : undefined;
  };
