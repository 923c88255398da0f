import { publicKeyFromJwk } from '@plexsphere/wire';
import { ASSERTION_TYPE, makeClientKey, type ClientKey } from '../../src/client-key';
import { issuerAt, makeClient, makeIssuer, tokenAt, tokenOf, verifiedAt, type TestIssuer } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

const REFUSED = '401 {"error":"invalid_client"';

/** At every gateway: none of them remembers a client. */
export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'next-request');
  await cutToTheCeiling(world, issuer);
  await goneWithItsSecret(world, issuer);
  await goneWithItsKey(world, issuer);
};

/** A policy lowers it, and the client is left as it is. */
async function cutToTheCeiling(world: World, issuer: TestIssuer): Promise<void> {
  const client = await makeClient(world, issuer, 'long', { ttl_seconds: 3_600 });
  expect(await tokenOf(issuer.url, client)).toMatchObject({ expires_in: 3_600 });
  await world.json(['policy', 'set', '--scope', issuer.scope, '--token-life', '2m']);
  for (const at of gatewaysOf(world, issuer)) {
    const { expires_in, access_token } = await tokenOf(at, client);
    const { iat = 0, exp = 0 } = (await verifiedAt(at, issuer, access_token)).payload;
    expect([expires_in, exp - iat]).toEqual([120, 120]);
  }
  const shown = await world.json(['client', 'show', '--scope', issuer.scope, '--client-id', client.id]);
  expect(shown).toMatchObject({ ttl_seconds: 3_600 });
  const again = makeClient(world, issuer, 'longer', { ttl_seconds: 121 });
  await expect(again).rejects.toThrow('"longest_token_seconds":120');
}

async function goneWithItsSecret(world: World, issuer: TestIssuer): Promise<void> {
  const client = await makeClient(world, issuer, 'billing');
  const { access_token } = await tokenOf(issuer.url, client);
  await world.json(['client', 'delete', '--scope', issuer.scope, '--client-id', client.id]);
  for (const at of gatewaysOf(world, issuer)) await expect(tokenOf(at, client)).rejects.toThrow(REFUSED);
  // What it has lives on: nobody who verifies it asks us.
  await verifiedAt(issuer.url, issuer, access_token);
  // Its id is free again, and its secret is not.
  const another = await makeClient(world, issuer, client.id);
  for (const at of gatewaysOf(world, issuer)) {
    await expect(tokenOf(at, client)).rejects.toThrow(REFUSED);
    await tokenOf(at, another);
  }
}

async function goneWithItsKey(world: World, issuer: TestIssuer): Promise<void> {
  const [stolen, key] = [await makeClientKey('k1'), await makeClientKey('k1')];
  const ask = async (at: string, by: ClientKey) =>
    tokenAt(at, { client_assertion: await by.assertion('jobs', issuer.url), client_assertion_type: ASSERTION_TYPE });
  const made = ({ jwk }: ClientKey) => {
    const read = publicKeyFromJwk({ ...jwk });
    return { keys: [{ key_id: 'k1', algorithm: 'ES256' as const, public_key: read?.publicKey.text ?? '' }] };
  };
  await makeClient(world, issuer, 'jobs', made(stolen));
  for (const at of gatewaysOf(world, issuer)) await ask(at, stolen);
  const operator = await world.operator();
  await operator.change('client.delete', { scope: issuer.scope, client_id: 'jobs' });
  for (const at of gatewaysOf(world, issuer)) await expect(ask(at, stolen)).rejects.toThrow(REFUSED);
  await makeClient(world, issuer, 'jobs', made(key));
  for (const at of gatewaysOf(world, issuer)) {
    await expect(ask(at, stolen)).rejects.toThrow(REFUSED);
    await ask(at, key);
  }
}

const gatewaysOf = (world: World, { url, slug }: TestIssuer): string[] => [url, issuerAt(world, slug, 1)];
