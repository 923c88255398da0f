import type { PipeTransform } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import { Validator, getMetadataStorage } from '@plexsphere/wire/validator';
import { fieldName } from './request-body';

/**
 * `@Payload(validated(Rotate)) request: Rotate` — the edge: a body that is not exactly a valid request is refused with
 * the name of its first offending field, unknown members included. Its members are looked at by name and then assigned
 * as they are: nothing walks through what a stranger has nested. A member that is itself made of objects is checked as a
 * whole, by a constraint of its own.
 */
export const validated = <Body extends object>(Class: new () => Body): PipeTransform<unknown, Promise<Body>> => {
  const known = membersOf(Class);
  return {
    async transform(value: unknown): Promise<Body> {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw problem('invariantViolation', { field: 'body' });
      }
      for (const member in value) {
        if (!known.has(member)) throw problem('invariantViolation', { field: fieldName(member) });
      }
      const body = Object.assign(new Class(), value);
      // A class without members takes every empty body; the library refuses what it knows no rule for.
      const [error] = known.size === 0 ? [] : await new Validator().validate(body, { stopAtFirstError: true });
      if (error !== undefined) throw problem('invariantViolation', { field: error.property });
      return body;
    },
  };
};

const membersOf = (Class: new () => object): ReadonlySet<string> =>
  new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(Class, '', false, false)
      .map(({ propertyName }) => propertyName),
  );
