import type { OperatorEntity } from '@plexsphere/store';
import type { Scopes } from '../rings/list-rings';

/** The scope that is asked for (the guard has seen that it is theirs), else every one that the operator may see. */
export const visibleScopes = (scope: string | null | undefined, operator: Pick<OperatorEntity, 'scopes'>): Scopes =>
  typeof scope === 'string' ? [scope] : operator.scopes;
