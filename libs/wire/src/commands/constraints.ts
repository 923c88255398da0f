import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isPublicKey } from '../algorithms';
import {
  isActor,
  isCommandName,
  isCount,
  isEventId,
  isEventIdOf,
  isEventType,
  isHelloId,
  isHostname,
  isKeyId,
  isNodeName,
  isNonce,
  isUuid,
  isWireguardKey,
  isWords,
} from '../names';
import { isTime } from '../rfc3339';
import { parseRotateEvery } from '../rotate-every';
import { isScope } from '../scope';

const BUS_USER = /^U[A-Z2-7]{55}$/;

/** A member that its own look at the value takes. Whoever is refused hears which member it was, and no words about it. */
const constraint =
  (name: string, accepts: (value: unknown) => boolean) =>
  (options?: ValidationOptions): PropertyDecorator =>
    ValidateBy({ name, validator: { validate: accepts } }, options);

export const IsScope = constraint('isScope', isScope);
export const IsKeyId = constraint('isKeyId', isKeyId);
export const IsEventType = constraint('isEventType', isEventType);
export const IsNodeName = constraint('isNodeName', isNodeName);
export const IsHostname = constraint('isHostname', isHostname);
export const IsWireguardKey = constraint('isWireguardKey', isWireguardKey);
export const IsWords = constraint('isWords', isWords);
export const IsEventId = constraint('isEventId', isEventId);
export const IsActor = constraint('isActor', isActor);
export const IsCommandName = constraint('isCommandName', isCommandName);
export const IsTime = constraint('isTime', isTime);
export const IsRotateEvery = constraint('isRotateEvery', (value) => parseRotateEvery(value) !== undefined);
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

/** An object with a scope for each name. */
export const IsByScope = (isValue: (value: unknown) => boolean, most = Number.POSITIVE_INFINITY): PropertyDecorator =>
  constraint('isByScope', (map) => {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return false;
    const entries = Object.entries(map);
    return entries.length <= most && entries.every(([scope, value]) => isScope(scope) && isValue(value));
  })();
