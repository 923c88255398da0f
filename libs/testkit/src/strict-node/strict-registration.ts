import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { readIdentity, type Identity } from './strict-answers';
import { call } from './strict-call';

/**
 * A daemon comes again after a 500, too, of which we want to know. 408: where the machine stood still for as long, neither side
 * can tell whose fault it was.
 */
const NOT_NOW = new Set([408, 429, 503, 504]);
const FOR_MS = 5 * 60_000;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 8_000];

/** Who comes among many may hear "not now": it comes again, with the same token and key. */
export async function registerStrictly(url: string, token: string, hostname: string): Promise<Identity> {
  const request = { token, hostname, public_key: randomBytes(32).toString('base64') };
  const givesUpAtMs = performance.now() + FOR_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const { status, body } = await call(url, 'POST', '/v1/register', token, request);
    if (status === 200 || status === 201) return readIdentity(body);
    const isLate = performance.now() + pauseMs > givesUpAtMs;
    if (!NOT_NOW.has(status) || isLate) throw new Error(`registration answered ${status}: ${body}`);
    await delay(pauseMs);
  }
}
