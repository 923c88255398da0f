// Key sets and chains as a gateway serves them: by its own role on PostgreSQL, by leases and bundles over a real bus.
import { CHAIN_STATEMENTS, PLATFORM, type Scope } from '@plexsphere/wire';
import {
  anchorOfBundle,
  beginRings,
  endRings,
  readBundle,
  statementHash,
  walkRings,
  type HeldRings,
} from '@plexsphere/wire/jws';
import { eventually } from '@plexsphere/testkit';
import { LeaseTable, readClocks } from '@plexsphere/lease-holder';
import { DOMAIN, GatewayWorld } from '../../testing/gateway-world';

jest.setTimeout(120_000);

const PATIENCE = { timeoutMs: 60_000 };

let world: GatewayWorld;
/** What a verifier held before anything here happened. */
let atFirst: HeldRings;
beforeAll(async () => {
  world = await GatewayWorld.make();
  const now = new Date();
  const bundle = readBundle(await world.rings.bundle(DOMAIN, now));
  atFirst = {
    scope: DOMAIN,
    platform: anchorOfBundle(bundle.platform, bundle.issued_at),
    ring: anchorOfBundle(bundle, bundle.issued_at),
    recoveryPublicKey: bundle.recovery_public_key,
  };
});
afterAll(() => world.end());

const jwks = (scope: Scope, headers: Record<string, string> = {}) =>
  world.get(`/v1/scopes/${scope}/jwks.json`, { headers });
const kids = async (response: Response): Promise<string[]> =>
  ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
const held = (scope: Scope): number | undefined => {
  try {
    return world.gateway.get(LeaseTable).permit({ scope }, 0, readClocks()).view.epoch;
  } catch {
    return undefined;
  }
};
const holds = (scope: Scope) =>
  eventually(() => held(scope) === world.rings.of(scope).epoch, { describe: `the lease of ${scope}`, ...PATIENCE });

describe('key sets', () => {
  it('go out of memory under a lease, with a tag that spares the next one its body', async () => {
    await holds(DOMAIN);
    const first = await jwks(DOMAIN);
    expect(first.headers.get('content-type')).toBe('application/jwk-set+json');
    expect(first.headers.get('cache-control')).toBe('public, max-age=300');
    const tag = first.headers.get('etag') ?? '';
    expect(await kids(first)).toEqual(['k1']);
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const again = await jwks(DOMAIN, { 'if-none-match': known });
      expect([known, again.status, await again.text(), again.headers.get('etag')]).toEqual([known, 304, '', tag]);
    }
    expect((await jwks(DOMAIN, { 'if-none-match': '"x"' })).status).toBe(200);
  });

  it('a lease that stands shows what it is of, whatever has been committed; without one the database does', async () => {
    const ring = world.rings.of(DOMAIN);
    await holds(DOMAIN);
    world.rotation.fallSilent();
    await ring.rotate('k2', new Date(), 3_600_000);
    await world.commit(ring, 1, false);
    // Rotation waits for this very lease: until it has run out nobody was told that the switch is done.
    if (held(DOMAIN) === 1) expect(await kids(await jwks(DOMAIN))).toEqual(['k1']);
    await eventually(() => held(DOMAIN) === undefined, { describe: 'the end of the lease', ...PATIENCE });
    const read = await jwks(DOMAIN);
    expect(await kids(read)).toEqual(['k2', 'k1']);
    world.rotation.rings = world.rings.all().map((each) => each.view());
    world.rotation.listen();
    await holds(DOMAIN);
    const taken = await jwks(DOMAIN);
    // To the byte the same, wherever it comes from.
    expect(taken.headers.get('etag')).toBe(read.headers.get('etag'));
    expect(await kids(taken)).toEqual(['k2', 'k1']);
  });

  it('nobody may keep one for longer than rotation counts on, whoever has what in memory', async () => {
    const maxAge = async () => (await jwks(DOMAIN)).headers.get('cache-control');
    try {
      world.rotation.verifierCacheMs = 23_000;
      await eventually(async () => (await maxAge()) === 'public, max-age=7', {
        describe: 'the shorter one',
        ...PATIENCE,
      });
      world.rotation.fallSilent();
      await eventually(() => held(DOMAIN) === undefined, { describe: 'the end of the lease', ...PATIENCE });
      expect(await maxAge()).toBe('public, max-age=7');
    } finally {
      world.rotation.verifierCacheMs = 900_000;
      world.rotation.listen();
    }
    await holds(DOMAIN);
    expect(await maxAge()).toBe('public, max-age=300');
  });

  it('nobody may keep one beyond the end of a key in it', async () => {
    const ring = world.rings.of(PLATFORM);
    await ring.rotate('p2', new Date(), 60_000);
    await world.commit(ring, 1);
    await holds(PLATFORM);
    const [, maxAge] = /max-age=(\d+)/.exec((await jwks(PLATFORM)).headers.get('cache-control') ?? '') ?? [];
    const end = new Date(ring.view().keys.find(({ state }) => state === 'retiring')?.verifies_until ?? NaN);
    expect(Number(maxAge) * 1_000).toBeLessThanOrEqual(end.getTime() - Date.now() + 1_000);
  });

  it.each([
    ['a scope without a ring', 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b99', 404, 'unknown_scope'],
    ['what is no scope', 'nothing', 400, 'invariant_violation'],
    ['what cannot be unescaped', '%E0%A4%A', 400, 'invariant_violation'],
  ])('%s is refused', async (_, scope, status, code) => {
    for (const path of ['jwks.json', 'chain']) {
      const response = await world.get(`/v1/scopes/${scope}/${path}`);
      expect([path, response.status, await response.json()]).toEqual([path, status, expect.objectContaining({ code })]);
    }
  });

  it('a colon in a name may be escaped', async () => {
    expect((await jwks(DOMAIN.replace(':', '%3A'))).status).toBe(200);
  });
});

interface Part {
  platform_statements: string[];
  statements: string[];
  more: boolean;
  next?: string;
  bundle: string | null;
}

/** All that a gateway has to say after what is held. */
async function chain(scope: Scope, after: { epoch: number; platformEpoch: number }): Promise<Part[]> {
  const parts: Part[] = [];
  let path: string | undefined = `/v1/scopes/${scope}/chain?after=${after.epoch}&platform_after=${after.platformEpoch}`;
  while (path !== undefined) {
    const response = await world.get(path);
    expect(response.status).toBe(200);
    const part = (await response.json()) as Part;
    parts.push(part);
    path = part.next;
    expect([part.more, part.bundle === null]).toEqual([path !== undefined, path !== undefined]);
  }
  return parts;
}

describe('chains', () => {
  const all = (parts: Part[]) => ({
    platform: parts.flatMap((part) => part.platform_statements),
    own: parts.flatMap((part) => part.statements),
  });

  it('lead a verifier from the first statements to this moment', async () => {
    const parts = await chain(DOMAIN, { epoch: 0, platformEpoch: 0 });
    const { platform, own } = all(parts);
    expect(platform.map(statementHash)).toEqual(
      world.rings.of(PLATFORM).statements.map(({ text }) => statementHash(text)),
    );
    expect(own.map(statementHash)).toEqual(world.rings.of(DOMAIN).statements.map(({ text }) => statementHash(text)));
    const bundle = readBundle(parts.at(-1)?.bundle ?? '');
    expect([bundle.epoch, bundle.platform.epoch]).toEqual(
      [DOMAIN, PLATFORM].map((scope) => world.rings.of(scope).epoch),
    );
  });

  it('of the platform stand in one list, and go on after what is held', async () => {
    const [part] = await chain(PLATFORM, { epoch: 1, platformEpoch: 0 });
    expect([part?.platform_statements.length, part?.statements]).toEqual([1, []]);
  });

  it('a key of the platform that vouches comes along, though the verifier is past it', async () => {
    // The Domain's first key was vouched for by p1; whoever knows p2 alone could not know that.
    const [part] = await chain(DOMAIN, { epoch: 0, platformEpoch: 2 });
    expect(part?.platform_statements.map(statementHash)).toEqual(
      world.rings.of(PLATFORM).statements.map(({ text }) => statementHash(text)),
    );
  });

  it('long ones come in parts of which each is one answer, none is lost and none comes twice', async () => {
    const ring = world.rings.of(DOMAIN);
    const before = ring.epoch;
    for (let each = 0; each < CHAIN_STATEMENTS; each++) await ring.recommit(new Date());
    await world.commit(ring, before);
    const parts = await chain(DOMAIN, { epoch: 0, platformEpoch: 0 });
    expect(parts.map((part) => part.platform_statements.length + part.statements.length)).toEqual([
      CHAIN_STATEMENTS,
      expect.any(Number),
    ]);
    expect(all(parts).own.map(statementHash)).toEqual(ring.statements.map(({ text }) => statementHash(text)));
    expect(all(parts).platform).toHaveLength(2);
  });

  it('prove themselves to a verifier that has slept through all of it', async () => {
    const parts = await chain(DOMAIN, { epoch: 1, platformEpoch: 1 });
    expect(parts.length).toBeGreaterThan(1);
    let walk = beginRings(atFirst);
    for (const { platform_statements: platformStatements, statements } of parts) {
      walk = walkRings(walk, { platformStatements, statements });
    }
    const taken = await endRings(walk, parts.at(-1)?.bundle ?? '', new Date());
    expect(taken.ring).toMatchObject({ activeKeyId: 'k2', statementHash: world.rings.of(DOMAIN).statementHash });
    expect(taken.platform).toMatchObject({ activeKeyId: 'p2', statementHash: world.rings.of(PLATFORM).statementHash });
  });

  it('while nobody can sign a bundle they come without one, and have one again when somebody can', async () => {
    const ring = world.rings.of(DOMAIN);
    world.silenceSigner();
    await ring.recommit(new Date());
    await world.commit(ring, ring.epoch - 1);
    const path = `/v1/scopes/${DOMAIN}/chain?after=${ring.epoch - 1}&platform_after=2`;
    const part = (await (await world.get(path)).json()) as Part;
    expect(part).toMatchObject({ statements: [expect.any(String)], more: false, bundle: null });
    world.hearSigner();
    const bundleAgain = async () => ((await (await world.get(path)).json()) as Part).bundle !== null;
    await eventually(bundleAgain, { describe: 'a bundle again', ...PATIENCE });
  });

  it('strangers who ask for the same one keep no signer busy', async () => {
    const before = world.signer.asked.length;
    const asked = Array.from({ length: 50 }, () => chain(PLATFORM, { epoch: 2, platformEpoch: 2 }));
    await Promise.all(asked);
    // A signer that is silent for long is asked again: a few times, and not by each of them.
    expect(world.signer.asked.length - before).toBeLessThan(10);
  });

  it.each(['after=-1', 'after=1.5', 'after=99999999999999999', 'after=1&after=2', 'platform_after=x'])(
    '%s is no place to begin',
    async (query) => {
      const response = await world.get(`/v1/scopes/${DOMAIN}/chain?${query}`);
      expect([response.status, await response.json()]).toEqual([
        400,
        expect.objectContaining({ code: 'invariant_violation' }),
      ]);
    },
  );
});
