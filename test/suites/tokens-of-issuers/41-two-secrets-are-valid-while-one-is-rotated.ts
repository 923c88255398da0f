import { eventually } from '@plexsphere/testkit';
import type { ClientView } from '@plexsphere/wire/commands';
import { issuerAt, makeClient, makeIssuer, tokenOf } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'two-secrets');
  const gateways = [issuer.url, issuerAt(world, issuer.slug, 1)];
  const first = await makeClient(world, issuer, 'billing');
  const rotated = async (...more: string[]) => {
    const args = ['client', 'rotate-secret', '--scope', issuer.scope, '--client-id', first.id, ...more];
    return world.json<ClientView & { client_secret: string }>(args);
  };
  /** At each gateway: whether it is given a token. */
  const isGiven = (secret: string): Promise<boolean[]> =>
    Promise.all(
      gateways.map((at) =>
        tokenOf(at, { id: first.id, secret }).then(
          () => true,
          (error: Error) => {
            expect(error.message).toContain('401 {"error":"invalid_client"');
            return false;
          },
        ),
      ),
    );

  const second = await rotated();
  expect(second.secrets.map(({ expires_at }) => expires_at === null)).toEqual([true, false]);
  expect(await isGiven(first.secret)).toEqual([true, true]);
  expect(await isGiven(second.client_secret)).toEqual([true, true]);

  const third = await rotated('--keep-old', '1h');
  expect(await isGiven(first.secret)).toEqual([false, false]);
  expect(await isGiven(second.client_secret)).toEqual([true, true]);
  expect(await isGiven(third.client_secret)).toEqual([true, true]);

  const fourth = await rotated('--keep-old', '1s');
  await eventually(async () => String(await isGiven(third.client_secret)) === 'false,false', {
    describe: 'the end of the secret before',
  });
  expect(await isGiven(fourth.client_secret)).toEqual([true, true]);
  expect(await world.json(['client', 'show', '--scope', issuer.scope, '--client-id', first.id])).toMatchObject({
    secrets: [{ expires_at: null }],
  });
};
