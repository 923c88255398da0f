import { isScope, problem, type Scope } from '@plexsphere/wire';

/** The scope that a path names, in whichever way it is escaped. @throws Problem invariantViolation */
export function scopeNamed(text: string): Scope {
  const scope = decoded(text);
  if (!isScope(scope)) throw problem('invariantViolation', { field: 'scope' });
  return scope;
}

function decoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
