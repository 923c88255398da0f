import { refusesScopeKind } from '@plexsphere/keyring';
import { problem, scopeKind, type Scope } from '@plexsphere/wire';
import type { RotationConfig } from '../rotation-config';

/** @throws Problem invariantViolation where the deployment profile does not have this kind of scope */
export function requireAccepted(scope: Scope, config: RotationConfig): void {
  const kind = scopeKind(scope);
  if (kind === undefined || refusesScopeKind(config, kind)) {
    throw problem('invariantViolation', { field: 'scope', accepted_kinds: config.scopeKinds });
  }
}
