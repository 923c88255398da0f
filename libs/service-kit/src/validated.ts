import type { PipeTransform } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import { fieldName } from './request-body';
import { rulesOf } from './request-rules';

/**
 * The edge: a body that is not exactly a valid request is refused with the name of its first offending field, unknown
 * members included. Its members are looked at by name and then assigned as they are: nothing walks through what a stranger
 * has nested. A member that is itself made of objects is checked as a whole, by a constraint of its own.
 * @throws Problem invariantViolation
 */
export const accepting = <Body extends object>(
  Class: new () => Body,
  isUsual?: (body: object) => body is Body,
): ((value: unknown) => Body) => {
  const { known, offendingMember } = rulesOf(Class);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw problem('invariantViolation', { field: 'body' });
    }
    if (isUsual?.(value) === true) return value;
    for (const member in value) {
      if (!known.has(member)) throw problem('invariantViolation', { field: fieldName(member) });
    }
    const body = Object.assign(new Class(), value);
    const field = offendingMember(body);
    if (field !== undefined) throw problem('invariantViolation', { field });
    return body;
  };
};

/** `@Payload(validated(Rotate)) request: Rotate`: the same of a handler's body in Nest. */
export const validated = <Body extends object>(Class: new () => Body): PipeTransform<unknown, Promise<Body>> => {
  const accept = accepting(Class);
  return { transform: async (value) => accept(value) };
};
