import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isIdempotencyKey, problem } from '@plexsphere/wire';
import type { FastifyRequest } from 'fastify';
import { bearerOf } from '../nodes/node-credentials';

/** What an operator shows over HTTP: who they are says rotation, which looks the bearer up. */
export interface CallingOperator {
  bearer: string;
  /** What they call this request, to repeat it where an answer was lost. */
  requestName: string | undefined;
  /** By which it shows from where they call. */
  request: Pick<FastifyRequest, 'headers' | 'socket'>;
}

/** @throws Problem notAuthenticated, invariantViolation */
export function operatorOf(request: CallingOperator['request']): CallingOperator {
  const { headers } = request;
  const bearer = bearerOf(headers.authorization);
  if (bearer === undefined) throw problem('notAuthenticated');
  const requestName = headers['idempotency-key'];
  if (requestName !== undefined && !isIdempotencyKey(requestName)) {
    throw problem('invariantViolation', { field: 'idempotency_key' });
  }
  return { bearer, requestName, request };
}

export const Calling = createParamDecorator((_: unknown, context: ExecutionContext) =>
  operatorOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
