import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ASSERTION_TYPE, makeClientKey } from '../../src/client-key';
import { AUDIENCE, basic, issuerAt, tokenAt, verifiedAt } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

const SCOPE = 'issuer:first';
const of = (clientId: string): string[] => [
  ...['--scope', SCOPE, '--client-id', clientId, '--audience', AUDIENCE],
  ...['--token-scope', 'orders:read', '--token-scope', 'orders:write', '--ttl', '5m'],
];

/** By an operator's own hands, and with no library of ours on the other side. */
export const step: Step = async (world) => {
  const [here, there] = [issuerAt(world, 'first'), issuerAt(world, 'first', 1)];
  const made = await world.json(['issuer', 'create', '--slug', 'first', '--url', here]);
  expect(made).toMatchObject({ scope: SCOPE, url: here });

  const { client_secret: secret } = await world.json<{ client_secret: string }>(['client', 'create', ...of('billing')]);
  const key = await makeClientKey('j1');
  const file = join(dirname(world.stack.tokenFile), 'jobs.json');
  await writeFile(file, JSON.stringify({ keys: [key.jwk] }));
  await world.json(['client', 'create', ...of('jobs'), '--jwks', file]);
  const assertion = await key.assertion('jobs', here);

  const tokens = {
    billing: await tokenAt(here, {}, basic({ id: 'billing', secret })),
    'billing again': await tokenAt(there, { client_id: 'billing', client_secret: secret, scope: 'orders:read' }),
    jobs: await tokenAt(there, { client_assertion: assertion, client_assertion_type: ASSERTION_TYPE }),
  };
  for (const [name, { access_token, ...said }] of Object.entries(tokens)) {
    const scope = name === 'billing again' ? 'orders:read' : 'orders:read orders:write';
    expect(said).toEqual({ token_type: 'Bearer', expires_in: 300, scope });
    // At whichever gateway its keys are asked for.
    for (const at of [here, there]) {
      const { payload } = await verifiedAt(at, { url: here }, access_token);
      const [id = ''] = name.split(' ');
      expect(payload).toMatchObject({ iss: here, sub: id, client_id: id, aud: AUDIENCE, scope });
    }
  }
};
