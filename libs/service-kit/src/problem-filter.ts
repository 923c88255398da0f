import { Catch, type ExceptionFilter } from '@nestjs/common';
import { Problem, problem } from '@plexsphere/wire';
import { throwError, type Observable } from 'rxjs';
import type { Logger } from './logger';

/** Postgres' own codes that say "not now" and not "never": class 08 and 57, too_many_connections; and the socket's. */
const AWAY_CODE = /^(08|57)|^53300$|^ECONN|^EPIPE$|^ETIMEDOUT$/;
/** What the driver (pg) says, without a code, of a connection that broke under a query. */
const AWAY_MESSAGE =
  /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection/;
const LOCK_NOT_AVAILABLE = '55P03';

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
    this.logger.error({ err: error }, 'request failed');
    if (codeOf(error) === LOCK_NOT_AVAILABLE) return problem('scopeBusy');
    if (isAway(error)) return problem('databaseUnavailable');
    return problem('internal');
  }
}

const isAway = (error: unknown): boolean =>
  AWAY_CODE.test(codeOf(error)) || (error instanceof Error && AWAY_MESSAGE.test(error.message));

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
