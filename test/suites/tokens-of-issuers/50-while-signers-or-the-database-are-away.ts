import { eventually } from '@plexsphere/testkit';
import { basic, makeClient, makeIssuer, postForm, tokenOf, verifiedAt } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

const LEAKS = /select|pg_|postgres|ECONN|node_modules|\.[jt]s\b/i;

/** It passes, and clients are told so: never that something is wrong with them, or with us. */
export const step: Step = async (world) => {
  const { stack } = world;
  const issuer = await makeIssuer(world, 'left-alone');
  const client = await makeClient(world, issuer, 'patient');
  const { access_token: token } = await tokenOf(issuer.url, client);
  const ask = () =>
    postForm(issuer.url, '/oauth2/token', { grant_type: 'client_credentials' }, basic(client)).then(async (answer) => {
      const text = await answer.text();
      expect(LEAKS.exec(text)?.[0]).toBeUndefined();
      return [answer.status, (JSON.parse(text) as { error?: string }).error, answer.headers.get('retry-after')];
    });
  const PASSING = [503, 'temporarily_unavailable', '5'];
  /** Whoever verifies is on their own by then. */
  const verifies = async () => expect((await verifiedAt(issuer.url, issuer, token)).payload.sub).toBe('patient');
  const comesBack = () =>
    eventually(async () => (await ask())[0] === 200, { describe: 'tokens again', timeoutMs: 90_000 });

  const signers = stack.services('signer');
  await Promise.all(signers.map((signer) => signer.stop()));
  expect(await ask()).toEqual(PASSING);
  await verifies();
  await Promise.all(signers.map((signer) => signer.start()));
  await comesBack();

  await stack.postgres.kill();
  try {
    // Whatever of it is noticed first.
    for (let n = 0; n < 5; n += 1) expect(await ask()).toEqual(PASSING);
    const introspected = await postForm(issuer.url, '/oauth2/introspect', { token }, basic(client));
    expect(introspected.status).toBe(503);
    // From memory, while the gateway's lease stands.
    const { status } = await fetch(`${issuer.url}/.well-known/oauth-authorization-server`);
    expect([200, 503]).toContain(status);
  } finally {
    await stack.postgres.start();
  }
  await comesBack();
  await verifies();
};
