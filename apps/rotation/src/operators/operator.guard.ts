import { Injectable, SetMetadata, createParamDecorator, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { BusContext } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { domainScope, isUuid, problem } from '@plexsphere/wire';
import { DataSource } from 'typeorm';

const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role may do what needs `needed`: admin may all, viewer only reads. */
export const suffices = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);

const NEEDED = 'needed role';

/** The least role that may give this command. A command without one is refused to everybody. */
export const Needs = (role: Role): MethodDecorator => SetMetadata(NEEDED, role);

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
    if (operator.scopes !== null && !isWithin(operator.scopes, context.switchToRpc().getData())) {
      throw problem('permissionDenied');
    }
    asking.set(bus, operator);
    return true;
  }

  private async find(id: string): Promise<OperatorEntity> {
    const operator = isUuid(id) ? await this.database.manager.findOneBy(OperatorEntity, { id }) : null;
    const expired = operator?.expiresAt instanceof Date && operator.expiresAt.getTime() <= Date.now();
    if (operator === null || operator.revokedAt !== null || expired) throw problem('notAuthenticated');
    return operator;
  }
}

/** An operator of some scopes names one of them in every command; one that names none is not for them. */
function isWithin(scopes: string[], request: unknown): boolean {
  const { scope, id } = (request ?? {}) as { scope?: unknown; id?: unknown };
  const named = typeof scope === 'string' ? scope : typeof id === 'string' ? domainScope(id) : undefined;
  return named !== undefined && scopes.includes(named);
}
