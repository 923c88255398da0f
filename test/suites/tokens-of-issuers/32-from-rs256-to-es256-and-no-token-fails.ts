import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import type { IssuerReply } from '@plexsphere/wire/commands';
import { decodeProtectedHeader } from 'jose';
import { makeClient, makeIssuer, tokenOf, verifiedAt } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

/** Another algorithm is decided, the standby is replaced by itself, and once that has propagated a rotation takes it. */
export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'from-rsa', { algorithm: 'RS256' });
  const { scope, url } = issuer;
  const operator = await world.operator();
  const client = await makeClient(world, issuer, 'waits');
  const keys = async () => (await operator.look<IssuerReply>('issuer.show', { scope })).keys;
  const standbyOf = (algorithm: string) =>
    eventually(
      async () =>
        (await keys()).find((key) => key.state === 'staged' && key.algorithm === algorithm && key.propagated_at),
      { describe: `a standby of ${algorithm}`, timeoutMs: 60_000 },
    );
  await standbyOf('RS256');
  const { access_token: before } = await tokenOf(url, client);

  await world.json(['policy', 'set', '--scope', scope, '--algorithm', 'ES256', '--propagation-delay', '1h']);
  const standby = await standbyOf('ES256');
  const refused = await world.plexctl(['signing', 'rotate', '--scope', scope]);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('signing: not propagated yet')]);
  expect(decodeProtectedHeader((await tokenOf(url, client)).access_token).alg).toBe('RS256');

  await operator.change('policy.set', { scope, inherit: ['propagation_delay_seconds'] });
  const rotated = await eventually(
    async () => {
      const { code, body } = await operator.ask('signing.rotate', { scope, request_id: randomUUID() });
      return code === '' && body;
    },
    { describe: 'the standby has propagated', timeoutMs: 60_000 },
  );
  expect(rotated).toMatchObject({ new_key_id: standby?.key_id });
  const { access_token: after } = await tokenOf(url, client);
  expect([before, after].map((token) => decodeProtectedHeader(token).alg)).toEqual(['RS256', 'ES256']);
  for (const token of [before, after]) expect((await verifiedAt(url, issuer, token)).payload.sub).toBe('waits');
};
