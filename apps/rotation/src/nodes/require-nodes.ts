import { problem, type Scope } from '@plexsphere/wire';
import { policyOf } from '../rings/read-ring';

/**
 * A Node is in its Domain's scope, or in the platform's where it has none; of a channel's members, too, that is the platform's.
 * @throws Problem invariantViolation for a scope of any other kind
 */
export function requireNodes(scope: Scope): void {
  if (policyOf(scope).tells.ownNodes !== null) return;
  throw problem('invariantViolation', { field: 'scope', reason: 'no Node is in such a scope' });
}
