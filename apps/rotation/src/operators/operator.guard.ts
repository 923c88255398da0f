import { createHash, randomUUID } from 'node:crypto';
import { Injectable, createParamDecorator, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { BusContext } from '@plexsphere/service-kit';
import type { OperatorEntity } from '@plexsphere/store';
import {
  COMMANDS,
  commandOf,
  isOfferedOverHttp,
  problem,
  scopeNamed,
  suffices,
  type Command,
  type Scope,
} from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { findValidOperator } from '../tokens/find-token';
import type { RequestIdentity } from '../transactions/requests';
import { findHttpCaller, type HttpCaller } from './http-caller';

/** Who asks for what, as the guard found them. */
export class Asked {
  constructor(
    readonly operator: OperatorEntity,
    private readonly command: Command,
    private readonly body: unknown,
    private readonly named: string | undefined,
  ) {}

  /** Of a request that is valid. A caller that names none gets one, and cannot retry. */
  get identity(): RequestIdentity {
    const given = this.named ?? (this.body as { request_id?: string | null }).request_id;
    const bodyHash = createHash('sha256').update(JSON.stringify(this.body)).digest('base64url');
    return { requestId: given ?? randomUUID(), command: this.command, actor: this.operator.id, bodyHash };
  }

  /** The scope that is asked for (the guard has seen that it is theirs), else every one that the operator may see. */
  visibleScopes(scope: Scope | null | undefined): Scopes {
    return typeof scope === 'string' ? [scope] : this.operator.scopes;
  }
}

const asked = new WeakMap<BusContext, Asked>();

export const AskedBy = createParamDecorator((_: unknown, context: ExecutionContext): Asked => {
  const found = asked.get(context.switchToRpc().getContext<BusContext>());
  if (found === undefined) throw problem('notAuthenticated');
  return found;
});

/**
 * Who asks stands in the subject, and the bus vouches for it: a credential may publish below its own operator's id only.
 * Over HTTP a bearer says so, and a few commands are offered of a few kinds of scopes. What they may do stands in the
 * database, read for every command: a revoked operator is out at once.
 */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(private readonly database: DataSource) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rpc = context.switchToRpc();
    const bus = rpc.getContext<BusContext>();
    const request = rpc.getData<unknown>();
    const { operator: id, command } = commandOf(bus.subject) ?? {};
    const isOverHttp = command !== undefined && id === undefined;
    const { operator, requestId } = await (isOverHttp ? findHttpCaller(this.database.manager, bus) : this.named(id));
    if (!isCommand(command) || !mayGive(operator, command, request)) throw problem('permissionDenied');
    if (isOverHttp) requireOffered(command, request, requestId);
    asked.set(bus, new Asked(operator, command, request, requestId));
    return true;
  }

  private async named(id = ''): Promise<HttpCaller> {
    const operator = await findValidOperator(this.database.manager, id);
    if (operator === null) throw problem('notAuthenticated');
    return { operator, requestId: undefined };
  }
}

/**
 * What is changed has a name that its caller gave it, or the gateway, and so is done once though a reply is lost.
 * @throws Problem permissionDenied, invariantViolation
 */
function requireOffered(command: Command, request: unknown, requestId: string | undefined): void {
  if (!isOfferedOverHttp(command, request)) throw problem('permissionDenied');
  if (COMMANDS[command].changes && requestId === undefined) {
    throw problem('invariantViolation', { field: 'idempotency_key' });
  }
  if (Object.hasOwn(request as object, 'request_id')) throw problem('invariantViolation', { field: 'request_id' });
}

const isCommand = (name: string | undefined): name is Command => name !== undefined && Object.hasOwn(COMMANDS, name);

function mayGive({ role, scopes }: OperatorEntity, command: Command, request: unknown): boolean {
  const row = COMMANDS[command];
  if (!suffices(role, row.role)) return false;
  if (scopes === null) return true;
  if (row.scope === 'every') return false;
  if (row.scope === 'public') return true;
  const named = scopeNamed(command, request);
  return named === undefined ? row.scope === 'seen' : scopes.includes(named);
}
