import { isWords, problem } from '@plexsphere/wire';

/**
 * The members of a body, which may be missing. Whoever misspells one is told so: a `force` that is passed over would be a
 * refusal, but an `emergency` that is passed over a key that goes on.
 * @throws Problem invariantViolation, with the name where it is one of ours
 */
export function askedMembers(body: unknown, flag?: 'force' | 'emergency'): { reason?: string; isSet: boolean } {
  if (body === undefined || body === null) return { isSet: false };
  if (typeof body !== 'object' || Array.isArray(body)) refuse('body');
  const { reason, ...others } = body as Record<string, unknown>;
  const { [flag ?? '']: value = false, ...more } = others;
  if (Object.keys(more).length > 0) refuse('body');
  if (typeof value !== 'boolean') refuse(flag ?? 'body');
  if (reason !== undefined && !isWords(reason)) refuse('reason');
  return { isSet: value, ...(reason !== undefined && { reason }) };
}

function refuse(field: string): never {
  throw problem('invariantViolation', { field });
}
