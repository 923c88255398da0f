import { plexctlJson, runPlexctl } from '@plexsphere/stack';
import type { Mesh } from './mesh';
import { TokenClient } from './token-client';

export interface IssuerSeen {
  jwks: { before: string[]; after: string[] };
  /** The key that signed it, of a token from before the rotation, from amid it, and from after it: each verified. */
  signed: { before: string; after: string };
  /** Asked for at two gateways all along, each shown to an API with a warm cache. */
  tokens: number;
  verification_failures: number;
  /** The one from before the rotation, when that was over. */
  old_token_verifies: boolean;
  /** Why the old key was not closed yet. */
  close_refused: string;
}

const SLUG = 'web';
const SCOPE = `issuer:${SLUG}`;
const AUDIENCE = 'https://orders.example.com';

/** An issuer's key changes under load, and no token fails: the next key was published long before it signs. */
export async function tellIssuer(mesh: Mesh): Promise<IssuerSeen> {
  const { stack, narrator } = mesh.setting;
  narrator.heading('Rotate an issuer of tokens');
  const client = await withClient(mesh);
  const before = await standbyPropagated(mesh);
  const first = await client.token();
  client.start();
  try {
    await mesh.wait(() => client.asked.tokens > 20, 'tokens before the rotation');
    mesh.say(`a client asks two gateways for tokens, and an API verifies each: they come from ${first.key_id}`);
    await plexctlJson(['signing', 'rotate', '--scope', SCOPE], stack.env);
    mesh.say(`plexctl signing rotate --scope ${SCOPE}`);
    const last = await client.token();
    mesh.say(`tokens come from ${last.key_id}, which was published before it signed`);
    const enough = client.asked.tokens + 20;
    await mesh.wait(() => client.asked.tokens > enough, 'tokens after the rotation');
    const verifies = (await client.shown(first.text)) === first.key_id;
    mesh.say(`the token from before the rotation verifies: ${String(verifies)}`);
    const refused = await closeRefused(mesh, first.key_id, last.key_id);
    mesh.say(`the old key stays until its last token is over: ${refused}`);
    return {
      jwks: { before, after: await kids(mesh) },
      signed: { before: first.key_id, after: last.key_id },
      ...(await counted(mesh, client)),
      old_token_verifies: verifies,
      close_refused: refused,
    };
  } finally {
    await client.stop();
  }
}

async function withClient(mesh: Mesh): Promise<TokenClient> {
  const { env } = mesh.setting.stack;
  const doors = mesh.gatewayUrls.map((url) => `${url}/issuers/${SLUG}`);
  const [issuer = ''] = doors;
  await plexctlJson(['issuer', 'create', '--slug', SLUG, '--url', issuer], env);
  mesh.say(`plexctl issuer create --slug ${SLUG} --url ${issuer}`);
  const who = ['--client-id', 'orders', '--token-scope', 'orders:read', '--audience', AUDIENCE];
  const args = ['client', 'create', '--scope', SCOPE, ...who];
  const { client_secret: secret } = await plexctlJson<{ client_secret: string }>(args, env);
  mesh.say(`plexctl ${args.join(' ')}`);
  return new TokenClient({ issuer, doors, clientId: 'orders', secret, audience: AUDIENCE });
}

/** Its next key is staged by itself. @returns the kids of the key set */
async function standbyPropagated(mesh: Mesh): Promise<string[]> {
  const { env } = mesh.setting.stack;
  const may = async (): Promise<boolean> =>
    (await runPlexctl(['signing', 'rotate', '--scope', SCOPE, '--plan'], env)).exitCode === 0;
  await mesh.wait(may, 'the standby to be known to verifiers');
  const published = await kids(mesh);
  mesh.say(`its standby ${published[1] ?? ''} is published, and signs nothing yet`);
  return published;
}

async function kids({ setting }: Mesh): Promise<string[]> {
  const args = ['signing', 'jwks', '--scope', SCOPE];
  const { keys } = await plexctlJson<{ keys: { kid: string }[] }>(args, setting.stack.env);
  return keys.map(({ kid }) => kid);
}

/** @returns the refusal in its stable words; empty where it was closed */
async function closeRefused({ setting }: Mesh, oldKey: string, newKey: string): Promise<string> {
  const args = ['signing', 'close', '--scope', SCOPE, '--old', oldKey, '--new', newKey];
  const { stderr } = await runPlexctl(args, setting.stack.env);
  return /signing: [a-z ]+/.exec(stderr)?.[0] ?? '';
}

async function counted(mesh: Mesh, client: TokenClient): Promise<Pick<IssuerSeen, 'tokens' | 'verification_failures'>> {
  const { tokens, failures } = await client.stop();
  for (const failure of new Set(failures)) mesh.say(`a token failed: ${failure}`);
  return { tokens, verification_failures: failures.length };
}
