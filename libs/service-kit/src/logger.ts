import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

export type { Logger };

/** JSON lines, on stdout unless it is told otherwise: constant text with fields (scope, kid, epoch, reason). Times in RFC 3339. */
export function createLogger(service: string, level: string, to?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // A driver's error carries queries and parameters; only its name, code and message go to the log.
    serializers: {
      err: (err: Error & { code?: unknown }) => ({ type: err.name, code: err.code, message: err.message }),
    },
  };
  return to === undefined ? pino(options) : pino(options, to);
}

/** Nest's own lines, reduced to warnings and errors: its start-up chatter says nothing to an operator. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(): void {}

  warn(message: unknown): void {
    this.logger.warn({ source: 'nest' }, String(message));
  }

  error(message: unknown): void {
    this.logger.error({ source: 'nest' }, message instanceof Error ? message.message : String(message));
  }
}
