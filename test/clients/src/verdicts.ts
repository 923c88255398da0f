import { setTimeout as delay } from 'node:timers/promises';
import type { Verify } from './jwks-client';

/** That a server did not answer in time, as each of the libraries says it, and what they stand on. */
const TIME_OUTS = [
  'ERR_JWKS_TIMEOUT',
  'OAUTH_TIMEOUT',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
];

const EXPIRED = ['ERR_JWT_EXPIRED', 'FAST_JWT_EXPIRED', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'];

/** No verdict on the token, then: on a machine with too much to do it may come at the next try. */
export const isTimeOut = (error: unknown): boolean =>
  says(error, ({ name, code }) => name === 'TimeoutError' || (code !== undefined && TIME_OUTS.includes(code)));

const AGAIN_AFTER_MS = 200;

/** Shows a token again until there is a verdict on it. */
export const throughTimeOuts =
  (verify: Verify): Verify =>
  async (token) => {
    for (;;) {
      try {
        return await verify(token);
      } catch (error) {
        if (!isTimeOut(error)) throw error;
      }
      await delay(AGAIN_AFTER_MS);
    }
  };

/** It is refused since its time is over, and for nothing else. */
export const isOver = (error: unknown): boolean =>
  says(error, ({ code }) => code !== undefined && EXPIRED.includes(code));

/** The error, or what it came from: libraries have names of their own for what went wrong below. */
function says(error: unknown, holds: (error: NodeJS.ErrnoException) => boolean): boolean {
  // Not `instanceof`: what Node itself throws may be of another realm than whoever asks.
  if (typeof error !== 'object' || error === null) return false;
  const { cause, originalError } = error as { cause?: unknown; originalError?: unknown };
  return holds(error as NodeJS.ErrnoException) || says(originalError, holds) || says(cause, holds);
}
