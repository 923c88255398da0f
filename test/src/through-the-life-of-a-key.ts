import { CLIENTS } from '@plexsphere/jwks-clients';
import type { Times } from '@plexsphere/jwt-guard';
import { eventually } from '@plexsphere/testkit';
import { GatewayTokens } from './gateway-tokens';
import type { IssuerLife } from './issuer-life';
import { VerifierCrowd } from './verifier-crowd';

interface Pace {
  isHasty: boolean;
  guardTimes: Partial<Times>;
  /** How often a gateway is asked for a token, which all are shown. */
  everyMs: number;
  /** After which all have asked for keys again of themselves. */
  askAgainMs: number;
}

/** Each library, and our guard, while a key is staged, rotated to, and closed as soon as no token can be about any more. */
export async function throughTheLifeOfAKey(
  life: IssuerLife,
  { isHasty, guardTimes, everyMs, askAgainMs }: Pace,
): Promise<void> {
  const crowd = new VerifierCrowd(life);
  // One at each gateway.
  for (const client of CLIENTS) crowd.addClients(client, 2, isHasty);
  crowd.addGuards(guardTimes, 2);
  const { active_key_id: old } = await life.shown();
  const token = () => life.token(life.bases[0] ?? '');
  await crowd.showUntilTaken(old, token);
  const tokens = GatewayTokens.start(life, { everyMs }, (each) => crowd.show(each));

  const rotated = await life.rotate();
  await crowd.showUntilTaken(rotated.new_key_id, token);
  await expect(life.close(rotated, false)).rejects.toThrow('signing: signatures outstanding');
  await eventually(() => life.close(rotated, false), { timeoutMs: 240_000, describe: 'a close that forces nothing' });

  const closedAt = performance.now();
  await eventually(() => performance.now() - closedAt > askAgainMs && tokens.gaveSince(closedAt), {
    ...{ timeoutMs: askAgainMs + 240_000, describe: 'that they have asked again' },
  });
  await crowd.show(await token());
  await tokens.stop();
  const { late, timeOuts, refusals, size } = crowd;
  console.info(`each library: ${JSON.stringify({ given: tokens.given.length, late, timeOuts })}`);
  expect(refusals).toEqual([]);
  expect([old, rotated.new_key_id].map((keyId) => crowd.takenBy(keyId))).toEqual([size, size]);
  expect(size).toBe(2 * (CLIENTS.length + 1));
}
