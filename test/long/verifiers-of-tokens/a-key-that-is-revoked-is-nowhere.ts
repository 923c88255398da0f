import { setTimeout as delay } from 'node:timers/promises';
import { CLIENTS, plainJose, throughTimeOuts, type Verify } from '@plexsphere/jwks-clients';
import type { JwksReply, RevokeReply } from '@plexsphere/wire/commands';
import { startGuard } from '../../src/guard-verifier';
import { IssuerLife } from '../../src/issuer-life';
import type { Step } from '../../src/tell-story';
import { VerifierCrowd } from '../../src/verifier-crowd';

/** What our guard promises, with the times that it comes with. */
const REFUSED_WITHIN_MS = 30_000;
const LOOKS = 20;

/** The active one was stolen: whoever has it can sign whatever he likes. */
export const step: Step = async (world) => {
  const life = await IssuerLife.begin(world, 'stolen', { longestSeconds: 600 });
  const { operator, scope, bases } = life;
  const crowd = new VerifierCrowd(life);
  for (const client of CLIENTS) crowd.addClients(client, 2);
  const started = bases.map((base) => startGuard(world, life.trustAt(base)));
  const guards = started.map(({ verify }) => throughTimeOuts(verify));
  const [jose, getJwks] = [plainJose, CLIENTS.find(({ keepsMs }) => keepsMs === Infinity)!].map((client) =>
    throughTimeOuts(client.start(life.trustAt(bases[0] ?? ''), true)),
  );

  await life.propagated();
  const stolen = await life.token(bases[0] ?? '');
  await crowd.showUntilTaken(stolen.keyId, () => life.token(bases[0] ?? ''));
  const all: Verify[] = [...guards, jose!, getJwks!];
  for (const verify of all) await verify(stolen.text);

  const revoked = await operator.change<RevokeReply>('signing.revoke', {
    ...{ scope, key_id: stolen.keyId, reason: 'stolen' },
  });
  const returnedAt = performance.now();
  expect(revoked).toMatchObject({ gone: [stolen.keyId], replaced: true });
  const paths = bases.flatMap((base) => [
    `${base}/.well-known/jwks.json`,
    `${new URL(base).origin}/v1/scopes/${scope}/jwks.json`,
  ]);
  for (let n = 0; n < LOOKS; n += 1)
    for (const path of paths)
      expect([path, await kidsAt(path)]).toEqual([path, expect.not.arrayContaining([stolen.keyId])]);
  // The standby takes its place, which everybody knew.
  await crowd.showUntilTaken(revoked.active_key_id, () => life.token(bases[1] ?? ''));
  expect(crowd.refusals).toEqual([]);

  const lastTaken = await Promise.all([...guards, jose!].map((verify) => lastBegan(verify, stolen.text)));
  const failures = started.flatMap((guard) => guard.failures);
  const forMs = lastTaken.map((at) => Math.max(0, Math.round(at - returnedAt)));
  console.info(
    `a revoked key was accepted for: ${JSON.stringify({ guards: forMs.slice(0, -1), jose: forMs.at(-1), failures })}`,
  );
  // The promise holds while the issuer can be reached: on a machine with too much to do a fetch may take too long.
  if (failures.length === 0) expect(Math.max(...forMs.slice(0, -1))).toBeLessThan(REFUSED_WITHIN_MS);
  // Long after: it takes a key that is gone for an outage (docs/jwks.md).
  await getJwks!(stolen.text);
  expect(new Set(failures)).toEqual(new Set(failures.filter((reason) => reason === 'timeout')));
};

async function kidsAt(url: string): Promise<string[]> {
  const { keys } = (await (await fetch(url)).json()) as JwksReply;
  return keys.map(({ kid }) => kid);
}

/** When the last request began that was let in. */
async function lastBegan(verify: Verify, text: string): Promise<number> {
  for (let last = -Infinity; ; await delay(100)) {
    const began = performance.now();
    try {
      await verify(text);
      last = began;
    } catch (error) {
      const { reason, code } = error as { reason?: string; code?: string };
      // And not since its time is over.
      expect(['unknown_key', 'ERR_JWKS_NO_MATCHING_KEY']).toContain(reason ?? code);
      return last;
    }
  }
}
