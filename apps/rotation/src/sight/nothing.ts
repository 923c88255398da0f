import type { PipeTransform } from '@nestjs/common';
import { problem } from '@plexsphere/wire';

/** For commands that take nothing, where `validated` would refuse every body: a class without members knows none. */
export const nothing: PipeTransform<unknown, Record<string, never>> = {
  transform(body) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw problem('invariantViolation', { field: 'body' });
    }
    const [member] = Object.keys(body);
    if (member !== undefined) throw problem('invariantViolation', { field: member });
    return {};
  },
};
