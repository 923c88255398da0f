import { ValidateBy, buildMessage, type ValidationOptions } from 'class-validator';
import { isEventIdOf, isEventType, isHelloId, isKeyId, isNodeName, isNonce, isUuid, isWords } from '../names';
import { isScope, SCOPE_FORMS } from '../scope';

const constraint =
  (name: string, accepts: (value: unknown) => boolean, expected: string) =>
  (options?: ValidationOptions): PropertyDecorator =>
    ValidateBy(
      {
        name,
        validator: {
          validate: accepts,
          defaultMessage: buildMessage((each) => `${each}$property must be ${expected}`, options),
        },
      },
      options,
    );

export const IsScope = constraint('isScope', isScope, `one of ${SCOPE_FORMS.join(', ')}`);
export const IsKeyId = constraint('isKeyId', isKeyId, 'a URL-safe key id of at most 128 characters');
export const IsEventType = constraint('isEventType', isEventType, 'a lower-case event type');
export const IsNodeName = constraint('isNodeName', isNodeName, 'a name of letters, digits, dots, dashes');

export const IsWords = constraint('isWords', isWords, 'one line of at most 500 printable characters');

const isCount = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least;

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
    `1 to ${most} well-formed entries`,
  )();
