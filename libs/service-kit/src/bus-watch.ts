import { Events, type NatsConnection, type Status } from 'nats';
import { knownHoles } from './bus-version';
import type { Health } from './health';
import { isBusTrial } from './least-privilege';
import type { Logger } from './logger';

/**
 * Readiness and the log follow the connection, which goes on reconnecting for as long as the process lives. Who has
 * something to do without the bus is only warned of its absence.
 */
export function watchBus(connection: NatsConnection, health: Health, logger: Logger, goesOnWithout = false): void {
  let state: string | undefined;
  if (goesOnWithout) warnOfBus(health, () => state);
  else health.check('bus', () => state);
  warnOfHoles(connection, logger);
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === Events.Error) logRefusal(status, logger);
      if (status.type !== Events.Disconnect && status.type !== Events.Reconnect) continue;
      state = status.type === Events.Disconnect ? 'disconnected' : undefined;
      logger.warn({ state: status.type }, 'bus connection');
    }
  })();
}

/** Its absence holds up nobody from now on. */
export function warnOfBus(health: Health, state: () => string | undefined): void {
  health.check('bus', () => undefined);
  health.warn('bus', state);
}

function warnOfHoles(connection: NatsConnection, logger: Logger): void {
  const version = connection.info?.version ?? '';
  const known = knownHoles(version);
  if (known !== undefined) logger.warn({ version, ...known }, 'bus server has known holes');
}

/** What the trial at start is refused is what is hoped for, and no error. */
function logRefusal({ data, permissionContext }: Status, logger: Logger): void {
  if (isBusTrial(permissionContext)) return;
  const { operation, subject } = permissionContext ?? {};
  logger.error({ reason: String(data), operation, subject }, 'bus error');
}
