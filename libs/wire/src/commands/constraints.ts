import { ValidateBy, buildMessage, type ValidationOptions } from 'class-validator';
import { isEventType, isKeyId, isNodeName, isScope } from '../names';

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

export const IsScope = constraint('isScope', isScope, 'platform, domain:<uuid>, issuer:<slug> or channel:<slug>');
export const IsKeyId = constraint('isKeyId', isKeyId, 'a URL-safe key id of at most 128 characters');
export const IsEventType = constraint('isEventType', isEventType, 'a lower-case event type');
export const IsNodeName = constraint('isNodeName', isNodeName, 'a name of letters, digits, dots, dashes');
