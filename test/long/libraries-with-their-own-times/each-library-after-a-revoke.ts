import { setTimeout as delay } from 'node:timers/promises';
import { CLIENTS, isTimeOut, type JwksClient, type Verify } from '@plexsphere/jwks-clients';
import { IssuerLife } from '../../src/issuer-life';
import type { Step } from '../../src/tell-story';

const LONGEST_MS = 11 * 60_000;
const EVERY_MS = 1_000;
/** In which a set may have been on its way when the key was thrown out. */
const ON_ITS_WAY_MS = 5_000;

/** For how long each accepts what a thief signs. */
export const step: Step = async (world) => {
  const life = await IssuerLife.begin(world, 'stolen', { longestSeconds: 3_600 });
  const [base = ''] = life.bases;
  const { text, keyId } = await life.token(base);
  const started = CLIENTS.map((client): [JwksClient, Verify] => [client, client.start(life.trustAt(base))]);
  await Promise.all(started.map(([, verify]) => verify(text)));
  await life.operator.change('signing.revoke', { scope: life.scope, key_id: keyId, reason: 'stolen' });
  const since = performance.now();
  const acceptedFor = await Promise.all(
    started.map(async ([client, verify]) => ({ client, ms: await lastAccepted(verify, text, since) })),
  );
  console.info(
    `a revoked key was accepted for: ${acceptedFor.map(({ client, ms }) => `${client.name} ${ms} ms`).join(', ')}`,
  );
  for (const { client, ms } of acceptedFor) {
    const { name, keepsMs } = client;
    const least = Math.min(keepsMs - 60_000, LONGEST_MS - 60_000);
    expect([name, ms >= least, ms <= keepsMs + ON_ITS_WAY_MS]).toEqual([name, true, true]);
  }
};

async function lastAccepted(verify: Verify, text: string, since: number): Promise<number> {
  let last = 0;
  for (let ms = 0; ms < LONGEST_MS; ms = Math.round(performance.now() - since)) {
    try {
      await verify(text);
      last = ms;
    } catch (error) {
      if (!isTimeOut(error)) return last;
    }
    await delay(EVERY_MS);
  }
  return last;
}
