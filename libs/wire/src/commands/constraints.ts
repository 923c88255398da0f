import { ValidateBy, type ValidationOptions } from '../validator';
import { isAlgorithmName, isPublicKey } from '../algorithms';
import {
  areAudiences,
  isActor,
  isAudience,
  isClientId,
  isCommandName,
  isCount,
  isEventId,
  isEventIdOf,
  isEventType,
  isForeignKid,
  isHelloId,
  isHostname,
  isKeyId,
  isNodeName,
  isNonce,
  isScopeClaim,
  isSubject,
  isTokenScope,
  isUuid,
  isWireguardKey,
  isWords,
} from '../names';
import { areFleetTargets, isTag } from '../fleet-targets';
import { isTime } from '../rfc3339';
import { parseRotateEvery } from '../rotate-every';
import { isScope, issuerSlug } from '../scope';
import { REPORT_LIMITS, isReason, channelDirection, channelSlug, isSealingKey, isSide, isSlug } from '../channel';

const BUS_USER = /^U[A-Z2-7]{55}$/;

/** A member that its own look at the value takes. Whoever is refused hears which member it was, and no words about it. */
const constraint =
  (name: string, accepts: (value: unknown) => boolean) =>
  (options?: ValidationOptions): PropertyDecorator =>
    ValidateBy({ name, validator: { validate: accepts } }, options);

export const IsScope = constraint('isScope', isScope);
export const IsIssuerScope = constraint('isIssuerScope', (value) => issuerSlug(value) !== undefined);
/** What a token may be for: a ring, or a channel, which is two of them. */
export const IsGrantedScope = constraint(
  'isGrantedScope',
  (value) => isScope(value) || channelSlug(value) !== undefined,
);
export const IsSlug = constraint('isSlug', isSlug);
export const IsTag = constraint('isTag', isTag);
export const IsFleetTargets = constraint('isFleetTargets', areFleetTargets);
export const IsSide = constraint('isSide', isSide);
export const IsSealingKey = constraint('isSealingKey', isSealingKey);
export const IsKeyId = constraint('isKeyId', isKeyId);
export const IsEventType = constraint('isEventType', isEventType);
export const IsNodeName = constraint('isNodeName', isNodeName);
export const IsHostname = constraint('isHostname', isHostname);
export const IsWireguardKey = constraint('isWireguardKey', isWireguardKey);
export const IsForeignKid = constraint('isForeignKid', isForeignKid);
export const IsWords = constraint('isWords', isWords);
export const IsEventId = constraint('isEventId', isEventId);
export const IsActor = constraint('isActor', isActor);
export const IsCommandName = constraint('isCommandName', isCommandName);
export const IsNonce = constraint('isNonce', isNonce);
export const IsSubject = constraint('isSubject', isSubject);
export const AreAudiences = constraint('areAudiences', areAudiences);
export const IsScopeClaim = constraint('isScopeClaim', isScopeClaim);
export const IsTime = constraint('isTime', isTime);
export const IsRotateEvery = constraint('isRotateEvery', (value) => parseRotateEvery(value) !== undefined);
export const IsClientId = constraint('isClientId', isClientId);
export const IsTokenScope = constraint('isTokenScope', isTokenScope);
export const IsAudience = constraint('isAudience', isAudience);
/** A UUID in lower case, as it stands in the Domain's scope. */
export const IsDomainId = constraint('isDomainId', isUuid);
/** Of a key of the mesh, as text. */
export const IsPublicKey = constraint('isPublicKey', (value) => isPublicKey(value));
/** Of a bus user (nkey, `U…`). */
export const IsBusPublicKey = constraint(
  'isBusPublicKey',
  (value) => typeof value === 'string' && BUS_USER.test(value),
);

/** Every field by its grammar: what the signer puts into a payload is never a text of the caller's choice. */
function isReady(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const ready = value as Record<string, unknown>;
  const { node_id, hello_id, platform_epoch, resumes_after, last_position, event_id, nonce } = ready;
  return (
    isUuid(node_id) &&
    isHelloId(hello_id) &&
    isCount(platform_epoch, 1) &&
    isCount(resumes_after, 0) &&
    isCount(last_position, resumes_after) &&
    isEventIdOf(node_id, event_id) &&
    isNonce(nonce)
  );
}

/** In one look and not by nested classes: a request for a whole fan-in must not hold up the others. */
export const IsReadies = (most: number): PropertyDecorator =>
  constraint(
    'isReadies',
    (value) => Array.isArray(value) && value.length >= 1 && value.length <= most && value.every(isReady),
  )();

const isText = (value: unknown): value is string => typeof value === 'string';

function isBatched(value: unknown): boolean {
  const envelope = membersOf(value);
  if (envelope === undefined) return false;
  const { event_type, event_id, payload, nonce } = envelope;
  return isText(event_type) && isText(event_id) && isText(nonce) && (payload === null || isText(payload));
}

/** Their shape. Whoever signs looks at each one's grammar, and says which it is that it refuses. */
export const IsBatch = (most: number): PropertyDecorator =>
  constraint('isBatch', (value) => isListOf(value, most, isBatched) && (value as unknown[]).length >= 1)();

function isProofOfMember(value: unknown): boolean {
  const proof = membersOf(value);
  return proof !== undefined && isUuid(proof['node_id']) && isCount(proof['epoch'], 1) && isProof(proof);
}

export const IsProofs = (most: number): PropertyDecorator =>
  constraint('isProofs', (value) => isListOf(value, most, isProofOfMember) && (value as unknown[]).length >= 1)();

/** An object with a scope for each name. */
export const IsByScope = (isValue: (value: unknown) => boolean, most = Number.POSITIVE_INFINITY): PropertyDecorator =>
  constraint('isByScope', (map) => {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return false;
    const entries = Object.entries(map);
    return entries.length <= most && entries.every(([scope, value]) => isScope(scope) && isValue(value));
  })();

const isClientKey = (value: unknown): value is { key_id: string } => {
  if (typeof value !== 'object' || value === null) return false;
  const { key_id, algorithm, public_key } = value as Record<string, unknown>;
  return isKeyId(key_id) && isAlgorithmName(algorithm) && isPublicKey(public_key, algorithm);
};

/** Public keys under names of their own. */
export const IsClientKeys = (most: number): PropertyDecorator =>
  constraint(
    'isClientKeys',
    (value) =>
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= most &&
      value.every(isClientKey) &&
      new Set(value.map(({ key_id }) => key_id)).size === value.length,
  )();

const isJoiningNode = (value: unknown): value is { name: string; bus_public_key: string } => {
  const node = membersOf(value);
  return (
    isNodeName(node?.['name']) && typeof node?.['bus_public_key'] === 'string' && BUS_USER.test(node['bus_public_key'])
  );
};

/** In one look: each name and each key once. */
export const AreJoiningNodes = (most: number): PropertyDecorator =>
  constraint(
    'areJoiningNodes',
    (value) =>
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= most &&
      value.every(isJoiningNode) &&
      new Set(value.map(({ name }) => name)).size === value.length &&
      new Set(value.map(({ bus_public_key: key }) => key)).size === value.length,
  )();

const PROOF = /^[A-Za-z0-9+/]{43}=$/;

const membersOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

const isListOf = (value: unknown, most: number, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length <= most && value.every(isItem);

function isKeyUse(value: unknown): boolean {
  const use = membersOf(value);
  return use !== undefined && isKeyId(use['key_id']) && isTime(use['at']);
}

function isProof(value: unknown): boolean {
  const key = membersOf(value);
  return key !== undefined && isKeyId(key['key_id']) && typeof key['proof'] === 'string' && PROOF.test(key['proof']);
}

function areRefusals(value: unknown): boolean {
  const counts = membersOf(value);
  if (counts === undefined) return false;
  const entries = Object.entries(counts);
  return (
    entries.length <= REPORT_LIMITS.reasons && entries.every(([reason, count]) => isReason(reason) && isCount(count, 1))
  );
}

function isReportedRing(value: unknown): boolean {
  const ring = membersOf(value);
  if (ring === undefined || channelDirection(ring['scope']) === undefined) return false;
  const { epoch, keys, period_from, period_seconds, last_signed, last_verified, alone, refusals, taken_over } = ring;
  return (
    isCount(epoch, 1) &&
    isListOf(keys, REPORT_LIMITS.keys, isProof) &&
    isTime(period_from) &&
    isCount(period_seconds) &&
    period_seconds <= REPORT_LIMITS.periodSeconds &&
    (last_signed === null || isKeyUse(last_signed)) &&
    (last_verified === null || isKeyUse(last_verified)) &&
    isListOf(alone, REPORT_LIMITS.keys, isKeyUse) &&
    areRefusals(refusals) &&
    (taken_over === undefined || isListOf(taken_over, REPORT_LIMITS.takenOver, isKeyId))
  );
}

/** A member's report, in one look: each ring once; none at all of a member that holds nothing. */
export const IsReportedRings = (most: number): PropertyDecorator =>
  constraint(
    'isReportedRings',
    (value) =>
      Array.isArray(value) &&
      value.length <= most &&
      value.every(isReportedRing) &&
      new Set((value as { scope: string }[]).map(({ scope }) => scope)).size === value.length,
  )();
