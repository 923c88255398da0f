import { plainJose, throughTimeOuts } from '@plexsphere/jwks-clients';
import { eventually } from '@plexsphere/testkit';
import { startGuard } from '../../src/guard-verifier';
import { IssuerLife } from '../../src/issuer-life';
import type { Step } from '../../src/tell-story';

const COOLDOWN_MS = 30_000;

/** What a service does that makes a key and signs by it at once: why there is a standby, and a propagation delay. */
export const step: Step = async (world) => {
  const life = await IssuerLife.begin(world, 'own-order');
  const { operator, scope } = life;
  const [base = ''] = life.bases;
  await operator.change('policy.set', { scope, standby: false });
  await operator.change('signing.unstage', { scope });
  await life.keysAre('active');

  const guard = throughTimeOuts(startGuard(world, life.trustAt(base)).verify);
  for (let n = 1; ; n += 1) {
    // Each with the times that they come with, and a warm cache.
    const verify = throughTimeOuts(plainJose.start(life.trustAt(base)));
    const warmFrom = Date.now();
    const { text } = await life.token(base);
    await verify(text);
    await guard(text);
    const named = { scope, new_key_id: `own-order-${n}` };
    await expect(operator.change('signing.rotate', named)).rejects.toThrow('FAILED_PRECONDITION');
    const rotated = await operator.change<{ old_key_id: string; new_key_id: string }>('signing.rotate', {
      ...named,
      force: true,
    });
    const early = await life.token(base);
    expect(early.keyId).toBe(named.new_key_id);
    const refused: unknown = await verify(early.text).catch((error: unknown) => error);
    if (Date.now() - warmFrom < COOLDOWN_MS) {
      expect(refused).toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
      // Ours may ask again after five.
      await eventually(async () => (await guard((await life.token(base)).text), true), {
        describe: 'our guard to take one',
      });
      const accepts = async () => (await verify((await life.token(base)).text), true);
      await eventually(accepts, { timeoutMs: 120_000, describe: 'jose to take one' });
      expect(Date.now() - warmFrom).toBeGreaterThanOrEqual(COOLDOWN_MS);
      return;
    }
    // So slow was the machine that it could ask again: the same with the next key.
    await life.close(rotated, true);
  }
};
