import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Problem, commandOf, isScope, problem } from '@plexsphere/wire';
import { throwError, type Observable } from 'rxjs';
import { BusContext } from './bus-context';
import type { Logger } from './logger';
import { ThrottledLog } from './throttled-log';

/** Postgres' own codes that say "not now" and not "never": class 08 and 57, too_many_connections; and the socket's. */
const AWAY_CODE = /^(08|57)|^53300$|^ECONN|^EPIPE$|^ETIMEDOUT$/;
/** What the driver (pg) says, without a code, of a connection that broke under a query. */
const AWAY_MESSAGE =
  /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection/;
const LOCK_NOT_AVAILABLE = '55P03';

/** While the database is away every request fails by it: one line in so long, and how many there were meanwhile. */
const AWAY_LINE_EVERY_MS = 10_000;

/** A request that failed, as far as it came over the bus. */
interface Failed {
  context: unknown;
  body: unknown;
}

/** What a line of the log says of the request that it is about. */
interface Asked {
  command?: string;
  scope?: string;
}

/**
 * The last stop of every error: a Problem goes out as it is; anything else goes to the log, and out as one stable line,
 * so that no SQL, path or driver text ever reaches a caller.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly throttled: ThrottledLog;

  constructor(private readonly logger?: Pick<Logger, 'error'>) {
    this.throttled = new ThrottledLog(logger, AWAY_LINE_EVERY_MS);
  }

  catch(error: unknown, host?: ArgumentsHost): Observable<never> {
    return throwError(() => this.problemOf(error, host && failedIn(host)).body);
  }

  /** What the caller hears of it. */
  problemOf(error: unknown, failed?: Failed): Problem {
    if (error instanceof Problem) return error;
    const asked = askedOf(failed);
    if (isAway(error)) {
      const reason = codeOf(error) || (error as Error).message;
      this.throttled.error({ ...asked, reason }, 'database away: requests fail', '');
      return problem('databaseUnavailable');
    }
    this.logger?.error({ err: error, ...asked }, 'request failed');
    return problem(codeOf(error) === LOCK_NOT_AVAILABLE ? 'scopeBusy' : 'internal');
  }
}

function failedIn(host: ArgumentsHost): Failed {
  const rpc = host.switchToRpc();
  return { context: rpc.getContext(), body: rpc.getData() };
}

function askedOf({ context, body }: Partial<Failed> = {}): Asked {
  if (!(context instanceof BusContext)) return {};
  const scope = typeof body === 'object' && body !== null && 'scope' in body ? body.scope : undefined;
  // A command by its name: the subject names who asks as well.
  const command = commandOf(context.subject)?.command ?? context.subject;
  return { command, ...(isScope(scope) ? { scope } : {}) };
}

const isAway = (error: unknown): boolean =>
  AWAY_CODE.test(codeOf(error)) || (error instanceof Error && AWAY_MESSAGE.test(error.message));

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
