import type { SignedText } from '@plexsphere/keyring';
import { problem, type Scope } from '@plexsphere/wire';
import { policyOf } from './read-ring';

/**
 * Before anything is written, or a signer asked.
 * @throws Problem invariantViolation where keys of such a ring sign none of these
 */
export function requireSigns(scope: Scope, ...texts: SignedText[]): void {
  const { signs } = policyOf(scope);
  if (!texts.some((text) => signs.includes(text))) throw problem('invariantViolation', { field: 'scope', signs });
}
