import { Injectable, SetMetadata, createParamDecorator, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { BusContext } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { domainScope, problem } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { findValidOperator } from '../tokens/find-token';

const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role may do what needs `needed`: admin may all, viewer only reads. */
export const suffices = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);

const NEEDED = 'needed role';

/** The least role that may give this command. A command without one is refused to everybody. */
export const Needs = (role: Role): MethodDecorator => SetMetadata(NEEDED, role);

const KEEPS_TO_SCOPES = 'keeps to scopes';

/**
 * Its handler shows an operator of some scopes those alone, so it may be asked without naming one. A scope that is named
 * has to be theirs all the same.
 */
export const KeepsToScopes = (): MethodDecorator => SetMetadata(KEEPS_TO_SCOPES, true);

const asking = new WeakMap<BusContext, OperatorEntity>();

/** The operator who asks, as the guard found them. */
export const Asking = createParamDecorator((_: unknown, context: ExecutionContext): OperatorEntity => {
  const operator = asking.get(context.switchToRpc().getContext<BusContext>());
  if (operator === undefined) throw problem('notAuthenticated');
  return operator;
});

/**
 * Who asks stands in the subject, and the bus vouches for it: a credential may publish below its own operator's id only.
 * What they may do stands in the database, read for every command: a revoked operator is out at once.
 */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(
    private readonly database: DataSource,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const bus = context.switchToRpc().getContext<BusContext>();
    const needed = this.reflector.get<Role | undefined>(NEEDED, context.getHandler());
    const operator = await this.find(bus.token(1));
    if (needed === undefined || !suffices(operator.role, needed)) throw problem('permissionDenied');
    const keepsToScopes = this.reflector.get<true | undefined>(KEEPS_TO_SCOPES, context.getHandler()) === true;
    if (operator.scopes !== null && !isWithin(operator.scopes, context.switchToRpc().getData(), keepsToScopes)) {
      throw problem('permissionDenied');
    }
    asking.set(bus, operator);
    return true;
  }

  private async find(id: string): Promise<OperatorEntity> {
    const operator = await findValidOperator(this.database.manager, id);
    if (operator === null) throw problem('notAuthenticated');
    return operator;
  }
}

/** An operator of some scopes names one of them in every command, save those that keep to their scopes by themselves. */
function isWithin(scopes: string[], request: unknown, keepsToScopes: boolean): boolean {
  const { scope, id } = (request ?? {}) as { scope?: unknown; id?: unknown };
  // An id is not a Domain's here, but what the handler looks for among their scopes.
  if (keepsToScopes) return typeof scope !== 'string' || scopes.includes(scope);
  const named = typeof scope === 'string' ? scope : typeof id === 'string' ? domainScope(id) : undefined;
  return named !== undefined && scopes.includes(named);
}

/** The scope that is asked for (the guard has seen that it is theirs), else every one that the operator may see. */
export const visibleScopes = (scope: string | undefined, operator: Pick<OperatorEntity, 'scopes'>): Scopes =>
  scope === undefined ? operator.scopes : [scope];
