import type { PipeTransform } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';

/**
 * `@Payload(validated(Rotate)) request: Rotate` — the edge: a body that is not exactly a valid request is refused with
 * the name of its first offending field, unknown members included.
 */
export const validated = <Body extends object>(Class: new () => Body): PipeTransform<unknown, Promise<Body>> => ({
  async transform(value: unknown): Promise<Body> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw problem('invariantViolation', { field: 'body' });
    }
    const body = plainToInstance(Class, value);
    const [error] = await validate(body, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
    if (error !== undefined) throw problem('invariantViolation', { field: error.property });
    return body;
  },
});
