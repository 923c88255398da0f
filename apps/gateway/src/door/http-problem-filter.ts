import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { ProblemFilter } from '@plexsphere/service-kit';
import { CODES, ROUTES, problem, type Problem } from '@plexsphere/wire';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusalOf } from './refuse';

/** What goes wrong in Nest's part, whichever layer says so, as RFC 9457 has it; what came over the bus as ever. */
@Catch()
export class HttpProblemFilter implements ExceptionFilter {
  constructor(private readonly problems: ProblemFilter) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return this.problems.catch(error, host);
    const refused = ofHttp(error) ?? this.problems.problemOf(error, host);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, headers, text } = refusalOf(refused, statusFor(refused, host));
    return reply.status(status).headers(headers).send(text);
  }
}

/**
 * "Not now" is what a Node tries again after, whatever its name is between services. A newcomer whose own fault it is not
 * hears nothing else: a 400, 403, 404 or 409 would end its attempt for good.
 */
function statusFor({ code }: Problem, host: ArgumentsHost): number | undefined {
  const { routeOptions } = host.switchToHttp().getRequest<FastifyRequest>();
  const isPassing =
    code === 'ABORTED' || (routeOptions.url === ROUTES.register.path && PASSING_FOR_NEWCOMERS.has(code));
  return isPassing ? CODES.UNAVAILABLE.httpStatus : undefined;
}

const PASSING_FOR_NEWCOMERS: ReadonlySet<string> = new Set(['FAILED_PRECONDITION', 'ALREADY_EXISTS']);

/** What Nest and Fastify refuse by themselves, before anything of ours has seen it. */
function ofHttp(error: unknown): Problem | undefined {
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  if (status === 404) return problem('unknownRoute');
  if (status === 413) return problem('requestTooLarge');
  if (status === 415) return problem('unsupportedBody');
  if (status === 400) return problem('invariantViolation', { field: 'request' });
  return undefined;
}

/** Fastify's errors say which status they mean; nobody else's count. */
function statusOf(error: unknown): number | undefined {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  return typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' ? statusCode : undefined;
}
