import { Catch, type ExceptionFilter } from '@nestjs/common';
import { Problem, problem } from '@plexsphere/wire';
import { throwError, type Observable } from 'rxjs';
import type { Logger } from './logger';

/** Postgres' own codes that say "not now" and not "never" (class 08, 57; lock_not_available, too_many_connections). */
const DATABASE_AWAY = /^(08|57)|^55P03$|^53300$|^ECONN|^ETIMEDOUT$/;

/**
 * The last stop of every error: a Problem goes out as it is; anything else goes to the log, and out as one stable line,
 * so that no SQL, path or driver text ever reaches a caller.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown): Observable<never> {
    return throwError(() => this.asProblem(error).body);
  }

  private asProblem(error: unknown): Problem {
    if (error instanceof Problem) return error;
    const code = codeOf(error);
    this.logger.error({ err: error }, 'request failed');
    if (code === '55P03') return problem('scopeBusy');
    if (DATABASE_AWAY.test(code)) return problem('databaseUnavailable');
    return problem('internal');
  }
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
