import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { ProblemFilter } from '@plexsphere/service-kit';
import { CODES, ROUTES, headers as names, methodsAt, problem, type Problem, type Route } from '@plexsphere/wire';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { routeOf } from './hooks';
import { refusalOf } from './refuse';

/** What goes wrong in Nest's part, whichever layer says so, as RFC 9457 has it; what came over the bus as ever. */
@Catch()
export class HttpProblemFilter implements ExceptionFilter {
  constructor(private readonly problems: ProblemFilter) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return this.problems.catch(error, host);
    const methods = methodsAt(pathOf(host));
    const refused = ofHttp(error, methods) ?? this.problems.problemOf(error);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { status, headers, text } = refusalOf(refused, statusFor(refused, host));
    if (refused.is('unsupportedMethod')) reply.header('allow', methods.join(', '));
    reply.status(status).headers(headers);
    // RFC 9110, section 15.5.2: how to do better. A bearer is no help there.
    if (status === 401 && callerOf(host) === 'key') reply.header('www-authenticate', names.proof);
    return reply.send(text);
  }
}

/**
 * "Not now" is what a Node tries again after, whatever its name is between services. A newcomer whose own fault it is not
 * hears nothing else: a 400, 403, 404 or 409 would end its attempt for good. What an operator asks for and the state of a
 * key forbids is a conflict with that.
 */
function statusFor(refused: Problem, host: ArgumentsHost): number | undefined {
  const { code } = refused;
  const caller = callerOf(host);
  if (caller === 'operator' && code === 'FAILED_PRECONDITION') return CONFLICT;
  const isPassing =
    (code === 'ABORTED' && !isOvertaken(refused)) || (caller === 'newcomer' && PASSING_FOR_NEWCOMERS.has(code));
  return isPassing ? CODES.UNAVAILABLE.httpStatus : undefined;
}

/** It will not pass: whoever asks has to look what holds now. */
const isOvertaken = (refused: Problem): boolean => refused.is('generationMismatch') || refused.is('tokenMismatch');

function callerOf(host: ArgumentsHost): Route['caller'] | undefined {
  const name = routeOf(host.switchToHttp().getRequest<FastifyRequest>());
  return name && ROUTES[name].caller;
}

/** RFC 9110, section 15.5.10. */
const CONFLICT = 409;

const PASSING_FOR_NEWCOMERS: ReadonlySet<string> = new Set(['FAILED_PRECONDITION', 'ALREADY_EXISTS']);

const pathOf = (host: ArgumentsHost): string =>
  host.switchToHttp().getRequest<FastifyRequest>().url.split('?', 1)[0] ?? '';

/** What Nest and Fastify refuse by themselves, before anything of ours has seen it: a path that is served, by its method. */
function ofHttp(error: unknown, methods: readonly string[]): Problem | undefined {
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  if (status === 404) return problem(methods.length === 0 ? 'unknownRoute' : 'unsupportedMethod');
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
