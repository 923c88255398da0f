import { Injectable, createParamDecorator, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { NodeView } from '../views/node-views';
import { NodeCredentials } from './node-credentials';

type Called = FastifyRequest & { node?: NodeView };

/** Lets a Node in that calls in its own name, and nobody else. */
@Injectable()
export class NodeGuard implements CanActivate {
  constructor(private readonly credentials: NodeCredentials) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Called>();
    request.node = await this.credentials.authenticate(nameOf(request), request.headers.authorization);
    return true;
  }
}

/** By the path; where that names no Node, by the body. */
function nameOf({ params, body }: Called): string {
  const named = { ...(body as object | undefined), ...(params as object | undefined) } as { node_id?: unknown };
  return typeof named.node_id === 'string' ? named.node_id.toLowerCase() : '';
}

/** The Node that calls, as it was read when it was let in. */
export const CallingNode = createParamDecorator((_: unknown, context: ExecutionContext): NodeView => {
  const { node } = context.switchToHttp().getRequest<Called>();
  if (node === undefined) throw new Error('a call of a Node without its guard');
  return node;
});
