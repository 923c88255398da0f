import { setTimeout as delay } from 'node:timers/promises';
import { SERVICES } from '@plexsphere/wire';
import { ErrorCode, NatsError, type NatsConnection } from 'nats';
import type { Health } from './health';
import type { Logger } from './logger';

/** One thing that a service must not be able to do. */
export interface Trial {
  where: 'bus' | 'database';
  /** What is tried, as it is told. */
  what: string;
  /** Whether it could. Rejects where it cannot be tried now. */
  isAllowed: () => Promise<boolean>;
}

const TRY_AGAIN_MS = 1_000;
const BUS_TIMEOUT_MS = 2_000;

/** SQLSTATE insufficient_privilege. */
const REFUSED_BY_DATABASE = '42501';

/**
 * Tries it until it is refused; meanwhile the service is not ready and says which thing it could do. A configuration
 * that is put right under a running service needs no restart.
 */
export async function untilRefused(trial: Trial, health: Health, logger: Logger): Promise<void> {
  let state: string | undefined = 'not tried yet';
  health.check(`${trial.where} trial`, () => state);
  for (;;) {
    const found = await find(trial);
    if (found !== undefined && found !== state) logger.error({ trial: trial.where, reason: found }, 'not ready');
    state = found;
    if (state === undefined) return;
    await delay(TRY_AGAIN_MS);
  }
}

async function find({ what, isAllowed }: Trial): Promise<string | undefined> {
  try {
    return (await isAllowed()) ? `open: this service could ${what}` : undefined;
  } catch (error) {
    return `not tried yet (${codeOf(error)})`;
  }
}

/**
 * A subject that the service's credential may not speak on. Asked as a request, because the server's refusal ends exactly
 * that one, and an open bus answers at once that nobody listens.
 */
export const busTrial = (connection: NatsConnection, subject: string): Trial => ({
  where: 'bus',
  what: `publish to ${subject}`,
  isAllowed: async () => {
    try {
      await connection.request(subject, '', { timeout: BUS_TIMEOUT_MS });
      return true;
    } catch (error) {
      const code = error instanceof NatsError ? error.code : undefined;
      if (code === ErrorCode.PermissionsViolation) return false;
      if (code === ErrorCode.NoResponders) return true;
      // Somebody listens and says nothing. Where the server answers us now, it has let the request through.
      if (code === ErrorCode.Timeout) return connection.flush().then(() => true);
      throw error;
    }
  },
});

/** Whether the server's refusal is the one that the trial is after. */
export const isBusTrial = (refused: { operation: string; subject: string } | undefined): boolean =>
  refused?.operation === 'publish' &&
  Object.values(SERVICES).some(({ forbidden }) => forbidden.subject === refused.subject);

/** A statement that the service's role has no right to. */
export const databaseTrial = (statement: string, query: (statement: string) => Promise<unknown>): Trial => ({
  where: 'database',
  what: statement,
  isAllowed: async () => {
    try {
      await query(statement);
      return true;
    } catch (error) {
      if (codeOf(error) === REFUSED_BY_DATABASE) return false;
      throw error;
    }
  },
});

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'no code';
