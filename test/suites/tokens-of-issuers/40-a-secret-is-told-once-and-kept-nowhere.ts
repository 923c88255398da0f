import { bearerHash } from '@plexsphere/wire';
import type { ClientView, ListClientsReply } from '@plexsphere/wire/commands';
import { inDatabase, onDisk } from '../../src/everything-kept';
import { AUDIENCE, makeIssuer, tokenOf, verifiedAt } from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

/** To whoever made the client, by the command's answer. */
export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'told-once');
  const of = ['--scope', issuer.scope, '--client-id', 'billing'];
  const may = ['--token-scope', 'orders:read', '--token-scope', 'orders:bill', '--audience', AUDIENCE];
  const made = await world.json<ClientView & { client_secret: string }>(['client', 'create', ...of, ...may]);
  const { client_secret: secret, ...view } = made;
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  const client = { id: 'billing', secret };

  expect(await world.json<ClientView>(['client', 'show', ...of])).toEqual(view);
  const { clients } = await world.json<ListClientsReply>(['client', 'list', '--scope', issuer.scope]);
  expect(clients).toEqual([view]);
  const { access_token: token, ...said } = await tokenOf(issuer.url, client);
  expect(said).toEqual({ token_type: 'Bearer', expires_in: 3_600, scope: 'orders:read orders:bill' });
  await verifiedAt(issuer.url, issuer, token);
  // Refused with it, too, in a place where nobody looks for secrets.
  await expect(tokenOf(issuer.url, client, { scope: secret })).rejects.toThrow('invalid_scope');
  await expect(tokenOf(issuer.url, { ...client, id: secret })).rejects.toThrow('invalid_client');

  const { client_secret: second } = await world.json<{ client_secret: string }>(['client', 'rotate-secret', ...of]);
  expect(second).not.toBe(secret);
  await tokenOf(issuer.url, { id: 'billing', secret: second });

  const hash = bearerHash(secret);
  const told = { 'the secret': secret, 'the second secret': second, 'the token': token.split('.')[2] ?? '' };
  const kept = { ...told, 'its hash in words': hash };
  expect(await inDatabase(world, kept)).toEqual([]);
  // Where its hash is, as bytes: the look into files sees what is there.
  const found = await onDisk(world, { ...kept, 'its hash': Buffer.from(hash, 'hex') });
  expect([...new Set(found.map((each) => each.split(' in ')[0]))]).toEqual(['its hash']);
  expect(found.filter((each) => each.includes('pg_wal'))).not.toEqual([]);
};
