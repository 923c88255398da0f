import { copyFile, mkdtemp, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually, repositoryRoot } from '@plexsphere/stack';
import { StrictNode } from '@plexsphere/testkit';
import type { IssuerReply } from '@plexsphere/wire/commands';
import { basic, makeClient, makeIssuer, postForm, tokenOf, verifiedAt, type TestClient } from '../src/oauth-hands';
import { spoilKey } from '../src/spoil-key';
import { Ground, World } from '../src/world';
import { follow as followSection } from '../docs/follow';

/** docs/runbook.md: each procedure in the situation that it is for, its commands as they stand there, and their answers. */

let ground: Ground;
let world: World;
let page: string;

beforeAll(async () => {
  page = await readFile(join(repositoryRoot, 'docs', 'runbook.md'), 'utf8');
  // A staged key has propagated after some seconds.
  const rotation = { PLEXSPHERE_LEASE: '4s', PLEXSPHERE_VERIFIER_CACHE: '1s' };
  ground = await Ground.prepare({ rotations: 1, signers: 1, relays: 1, gateways: 1, env: { rotation } });
}, 240_000);
afterAll(async () => ground?.remove(), 240_000);

beforeEach(async () => {
  world = await World.on(ground);
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const nodes = await world.addNodes(await world.operator(), world.domain, ['edge-1', 'edge-2', 'edge-3']);
  await Promise.all(nodes.map((node) => node.start()));
}, 120_000);
afterEach(async () => world?.end());

it('Scheduled rotation', async () => {
  await follow('Scheduled rotation', [0]);
});

it('A stolen key: of a Domain while one Node is off, and of the platform', async () => {
  await world.nodes[0]?.stop();
  await follow('A stolen key', [0]);
  const [active] = await world.kids(world.domain);
  expect(active).not.toBe('k1');
  await world.nodes[0]?.start();
  await eventually(() => world.nodes.every(({ trusts }) => String(trusts) === active), { describe: 'all Nodes on it' });

  await follow('A stolen key', [1]);
  const [platform] = await world.kids('platform');
  expect(platform).not.toBe('platform-1');
  await eventually(() => world.nodes.every(({ trustsPlatform }) => String(trustsPlatform) === platform));

  const used = async () => (await world.plexctl(['signing', 'status', '--scope', 'platform'])).stdout;
  expect(await used()).toContain('next: the recovery key was used');
  await follow('A stolen key', [2]);
  expect(await used()).not.toContain('recovery key was used');
});

it('A bad new key', async () => {
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  await follow('A bad new key', [0]);
  await eventually(() => world.nodes.every(({ trusts }) => String(trusts) === 'k1,k2'), { describe: 'all Nodes back' });
});

it('A fan-out that is stuck', async () => {
  const [first, second, third] = world.nodes;
  await Promise.all([first?.stop(), second?.stop()]);
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  await eventually(() => third?.trusts[0] === 'k2', { describe: 'the one that is there' });
  await follow('A fan-out that is stuck', [0, 1]);
  await first?.start();
  const status = ['signing', 'status', '--scope', world.domain];
  await eventually(async () => (await world.plexctl(status)).stdout.includes('0 lagging'), { describe: 'it to apply' });
  await follow('A fan-out that is stuck', [2]);
  expect(await world.kids(world.domain)).toEqual(['k2']);
});

it('A Node over HTTP that waits, and ends by itself once it runs', async () => {
  const url = world.stack.gatewayUrl() ?? '';
  const { token } = await world.json<{ token: string }>(['node', 'enroll-token', '--scope', world.domain]);
  const identity = await StrictNode.register(url, token, 'edge-http');
  const first = new StrictNode([url], identity).start();
  const status = async () => (await world.plexctl(['signing', 'status', '--scope', world.domain])).stdout;
  await eventually(async () => (await status()).includes('4 applied'), { describe: 'the Node over HTTP as well' });
  await first.stop();
  // No key that it holds is there any more.
  await world.json(['signing', 'revoke', '--scope', world.domain, '--key-id', 'k1', '--reason', 'stolen', '--yes']);
  await eventually(async () => (await status()).includes('waiting'), { describe: 'it to wait' });
  await follow('A Node over HTTP that waits', [0]);

  const again = new StrictNode([url], identity).start();
  await eventually(async () => !(await status()).includes('waiting'), { describe: 'no wait' });
  await again.stop();
  expect([...first.refusals, ...again.refusals, first.ended, again.ended]).toEqual([undefined, undefined]);
});

it('A Node that is to join over HTTP', async () => {
  await follow('A Node that is to join over HTTP', [0]);
});

describe('of an issuer', () => {
  const SLUG = 'acme';
  const at = (): string => `${world.stack.gatewayUrl()}/issuers/${SLUG}`;
  const show = () => world.json<IssuerReply>(['issuer', 'show', '--slug', SLUG]);
  let client: TestClient;

  /** One that has run for a while. */
  const standby = (): Promise<string> =>
    eventually(
      async () => {
        const staged = (await show()).keys.find(({ state }) => state === 'staged');
        return Date.parse(staged?.propagated_at ?? '') < Date.now() - 500 ? staged?.key_id : undefined;
      },
      { describe: 'a standby that has propagated', timeoutMs: 90_000 },
    );

  beforeEach(async () => {
    if (client === undefined) {
      const issuer = await makeIssuer(world, SLUG);
      client = await makeClient(world, issuer, 'billing');
    }
    await standby();
  }, 120_000);

  it("An issuer's keys, over HTTP", async () => {
    const [before, next] = [(await show()).active_key_id, await standby()];
    const env = { KEYS: `${at()}/api/v1/admin/keys` };
    await follow("An issuer's keys, over HTTP", [0, 1], env);
    const { active_key_id: active, keys } = await show();
    expect([before, next]).not.toContain(active);
    expect(keys.map(({ key_id }) => key_id)).not.toContain(next);
    expect(keys.find(({ state }) => state === 'retiring')?.key_id).toBe(before);
  });

  it('APIs refuse tokens after a rotation', async () => {
    await follow('APIs refuse tokens after a rotation', [0]);
  });

  it('An issuer gives no tokens, since its keys do not open any more', async () => {
    const { active_key_id: lost } = await show();
    const [staged] = (await show()).keys.filter(({ state }) => state === 'staged');
    await spoilKey(world, `issuer:${SLUG}`, staged?.key_id ?? '');
    await spoilKey(world, `issuer:${SLUG}`, lost);
    const answered = () => postForm(at(), '/oauth2/token', { grant_type: 'client_credentials' }, basic(client));
    await eventually(async () => (await answered()).status === 503, { describe: 'no token', timeoutMs: 60_000 });
    await follow('An issuer gives no tokens', [0, 1]);
    const { access_token: token } = await tokenOf(at(), client);
    const { payload, protectedHeader } = await verifiedAt(at(), { url: at() }, token);
    expect([payload.iss, protectedHeader.kid]).toEqual([at(), (await show()).active_key_id]);
    expect([lost, staged?.key_id]).not.toContain(protectedHeader.kid);
  });
});

async function follow(title: string, numbers: number[], more: Record<string, string> = {}): Promise<void> {
  const folder = await mkdtemp(join(ground.dir, 'reader-'));
  for (const name of ['recovery-key.json', 'recovery-key.passphrase'])
    await copyFile(join(dirname(ground.stack.tokenFile), name), join(folder, name));
  await followSection(page, { title, numbers }, folder, { ...ground.stack.env, SCOPE: world.domain, ...more });
}
