/**
 * Key events: envelopes of the signing plane itself. Each is a function from what the Node holds to what it holds then.
 * None that is not newer than the keys taken changes anything, so an epoch never goes back.
 *
 * During an overlap the outgoing key still verifies, and it may have leaked: that is why one rotates. So it has no say
 * in what comes next: only the newest key that the Node trusts may name a successor or declare the other one retired.
 */
import { PLATFORM, rawPublicKey, type Envelope, type TrustedKey } from '@plexsphere/wire';
import { readStatement, walkChain, type ChainAnchor, type Statement } from '@plexsphere/wire/jws';
import { KeyChangeError, refusing, type KeyChange } from './key-change';
import { readPlatformRotated, readRetired, readRotated } from './key-payload';
import { withPlatform, withRing, type TrustState } from './trust-state';

const KEY_EVENTS = {
  signing_key_rotated: takeRotated,
  signing_key_retired: takeRetired,
  platform_key_rotated: takePlatformRotated,
} as const;
type KeyEventType = keyof typeof KEY_EVENTS;

export const isKeyEvent = (eventType: string): eventType is KeyEventType => Object.hasOwn(KEY_EVENTS, eventType);

/** `verifiedBy` is the key under which the envelope verified. */
export const takeKeyEvent = (
  state: TrustState,
  eventType: KeyEventType,
  envelope: Envelope,
  verifiedBy: TrustedKey,
): Promise<KeyChange> => refusing(() => KEY_EVENTS[eventType](state, envelope.payload, verifiedBy));

async function takeRotated(state: TrustState, text: string): Promise<KeyChange> {
  const payload = readRotated(text);
  if (payload.scope !== state.scope) throw new KeyChangeError('wrong_scope');
  if (payload.epoch <= state.ring.epoch) return { kind: 'superseded' };
  const { statement, anchor } = await follow(payload, state.ring, state.scope);
  if (!agrees(payload, statement)) throw new KeyChangeError('malformed');
  return { kind: 'taken', state: withRing(state, anchor) };
}

const agrees = (payload: ReturnType<typeof readRotated>, statement: Statement): boolean =>
  payload.current === statement.new_public_key &&
  payload.previous === statement.old_public_key &&
  payload.new_key_id === statement.new_key_id &&
  payload.old_key_id === statement.old_key_id;

async function takeRetired(state: TrustState, text: string, verifiedBy: TrustedKey): Promise<KeyChange> {
  const payload = readRetired(text);
  if (payload.scope !== state.scope) throw new KeyChangeError('wrong_scope');
  if (payload.epoch <= state.ring.epoch) return { kind: 'superseded' };
  const newest = newestOf(state.ring);
  if (payload.active_key_id !== newest.keyId || verifiedBy.keyId !== newest.keyId) {
    throw new KeyChangeError('unknown_key');
  }
  const active: TrustedKey = { keyId: newest.keyId, publicKey: newest.publicKey };
  return { kind: 'taken', state: withRing(state, { ...state.ring, keys: [active], epoch: payload.epoch }) };
}

/** Signed by the Domain's key, which has no say over the platform's: the statement alone proves the change. */
async function takePlatformRotated(state: TrustState, text: string): Promise<KeyChange> {
  const payload = readPlatformRotated(text);
  if (payload.epoch <= state.platform.epoch) return { kind: 'superseded' };
  const { anchor } = await follow(payload, state.platform, PLATFORM);
  return { kind: 'taken', state: withPlatform(state, anchor) };
}

interface Announcement {
  epoch: number;
  transition_expires: string;
  statement: string;
}

/** The ring's epoch may be later than its statement's: closing raises it and makes no statement. */
async function follow(
  { epoch, transition_expires, statement: text }: Announcement,
  from: ChainAnchor,
  scope: string,
): Promise<{ statement: Statement; anchor: ChainAnchor }> {
  const statement = readStatement(text);
  if (statement.scope !== scope) throw new KeyChangeError('wrong_scope');
  if (statement.epoch > epoch) throw new KeyChangeError('malformed');
  const { keys, statementHash } = await walkChain([text], { ...from, keys: [newestOf(from)] });
  const [current, previous] = keys as [TrustedKey, TrustedKey];
  const notAfter = new Date(transition_expires);
  return { statement, anchor: { keys: [current, { ...previous, notAfter }], statementHash, epoch } };
}

/** For someone who reads the state only: an anchor is never without a key. */
function newestOf(anchor: ChainAnchor): TrustedKey {
  const [newest] = anchor.keys;
  if (newest === undefined) throw new KeyChangeError('unknown_key');
  return newest;
}

/** Both name the same key, whatever it is called. */
export const isSameKey = (one: TrustedKey, other: TrustedKey): boolean =>
  one.keyId === other.keyId && rawPublicKey(one.publicKey) === rawPublicKey(other.publicKey);
