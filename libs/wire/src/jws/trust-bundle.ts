/**
 * A trust bundle: what a verifier of one scope should trust now, by the platform key. It ends every catch-up: a chain
 * alone proves where keys came from, not that nothing came after.
 */
import type { TrustedKey } from '../envelope';
import { STALENESS_MS } from '../nonce-memory';
import { parseRfc3339 } from '../rfc3339';
import { PLATFORM, type Scope } from '../scope';
import { readCompact, signCompact, verifyCompact } from './compact';
import { isObject, type JsonObject } from './encoding';
import { JwsError } from './jws-error';
import {
  epochMember,
  hashMember,
  keyIdMember,
  nullMember,
  nullOr,
  publicKeyMember,
  scopeMember,
  timeMember,
} from './members';
import type { JwsType, SigningKey } from './signature';
import { commitsAhead } from './statement-types';

const TYP: JwsType = 'plexsphere-bundle+jws';

/**
 * A bundle older than this is refused whatever it says itself, in milliseconds. The same as for envelopes: a key that
 * leaked after it was retired must not be able to show yesterday's trust.
 */
export const BUNDLE_MAX_AGE_MS = STALENESS_MS;

export interface BundleKey {
  key_id: string;
  /** Standard base64, padded, of the raw 32 bytes. */
  public_key: string;
  /** RFC 3339; verifies strictly before it. */
  not_after?: string;
}

export interface TrustAnchor {
  epoch: number;
  trust_epoch: number;
  /** The key that signs now: one of `keys`, and without an end. No other has a say in what follows. */
  active_key_id: string;
  /** One of `keys` that is published and does not sign yet. */
  staged_key_id: string | null;
  /** Newest trusted first. */
  keys: BundleKey[];
  /** Of the ring's last statement, its head: since when the active key signs, and what it says of the key ahead. */
  statement_hash: string;
  head_epoch: number;
  next: string | null;
}

/** The three anchors: the scope's keys, the platform ring, the recovery public key. For `platform` two are the same. */
export interface TrustBundle extends TrustAnchor {
  scope: Scope;
  platform: TrustAnchor;
  recovery_public_key: string;
  issued_at: string;
  expires_at: string;
}

/** Compact JWS. Throws JwsError `malformed` rather than sign a bundle that nobody would take. */
export const signBundle = async (bundle: TrustBundle, key: SigningKey): Promise<string> =>
  signCompact(TYP, shapeOf({ ...bundle }), key);

/** Throws JwsError `malformed`, `wrong_type`, `signature_invalid`, `bundle_foreign` or `bundle_stale`. */
export async function verifyBundle(text: string, platformKeys: readonly TrustedKey[], now: Date): Promise<TrustBundle> {
  const { payload } = await verifyCompact(TYP, text, platformKeys, now).catch(foreign);
  const bundle = shapeOf(payload);
  if (!isFresh(bundle, now.getTime())) throw new JwsError('bundle_stale');
  return bundle;
}

/** Unverified: for enrolment only, where the channel that brought it is what the Node trusts. */
export const readBundle = (text: string): TrustBundle => shapeOf(readCompact(TYP, text));

function foreign(error: unknown): never {
  throw error instanceof JwsError && error.code === 'unknown_key' ? new JwsError('bundle_foreign') : error;
}

/** Also not from the future: that would keep a bundle fresh for as long as its clock was wrong. */
function isFresh(bundle: TrustBundle, nowMs: number): boolean {
  const issuedAtMs = instantMs(bundle.issued_at);
  return nowMs < instantMs(bundle.expires_at) && Math.abs(nowMs - issuedAtMs) <= BUNDLE_MAX_AGE_MS;
}

const instantMs = (time: string): number => parseRfc3339(time)?.ms ?? NaN;

function shapeOf(payload: JsonObject): TrustBundle {
  const { platform } = payload;
  if (!isObject(platform)) throw new JwsError('malformed');
  const scope = scopeMember(payload['scope']);
  const own = anchorOf(payload, scope);
  const platformAnchor = anchorOf(platform, PLATFORM);
  if (scope === PLATFORM && JSON.stringify(own) !== JSON.stringify(platformAnchor)) throw new JwsError('malformed');
  return {
    scope,
    ...own,
    platform: platformAnchor,
    recovery_public_key: publicKeyMember(payload['recovery_public_key']),
    issued_at: timeMember(payload['issued_at']),
    expires_at: timeMember(payload['expires_at']),
  };
}

function anchorOf(value: JsonObject, scope: Scope): TrustAnchor {
  const anchor = {
    epoch: epochMember(value['epoch']),
    trust_epoch: epochMember(value['trust_epoch']),
    active_key_id: keyIdMember(value['active_key_id']),
    staged_key_id: nullOr(keyIdMember)(value['staged_key_id']),
    keys: keysOf(value['keys']),
    statement_hash: hashMember(value['statement_hash']),
    head_epoch: epochMember(value['head_epoch']),
    next: (commitsAhead(scope) ? hashMember : nullMember)(value['next']),
  };
  const active = anchor.keys.find(({ key_id }) => key_id === anchor.active_key_id);
  if (active === undefined || active.not_after !== undefined) throw new JwsError('malformed');
  const staged = anchor.keys.find(({ key_id }) => key_id === anchor.staged_key_id);
  if (anchor.staged_key_id !== null && staged?.not_after === undefined) throw new JwsError('malformed');
  if (anchor.trust_epoch > anchor.epoch || anchor.head_epoch > anchor.epoch) throw new JwsError('malformed');
  return anchor;
}

/** A kid that stands for two keys would leave it to chance which of them verifies. */
function keysOf(value: unknown): BundleKey[] {
  if (!Array.isArray(value) || value.length === 0) throw new JwsError('malformed');
  const keys = value.map(keyOf);
  if (new Set(keys.map(({ key_id }) => key_id)).size !== keys.length) throw new JwsError('malformed');
  return keys;
}

function keyOf(value: unknown): BundleKey {
  if (!isObject(value)) throw new JwsError('malformed');
  return {
    key_id: keyIdMember(value['key_id']),
    public_key: publicKeyMember(value['public_key']),
    ...(value['not_after'] !== undefined && { not_after: timeMember(value['not_after']) }),
  };
}
