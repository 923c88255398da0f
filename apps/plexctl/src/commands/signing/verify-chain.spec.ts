import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrustBundle } from '@plexsphere/wire/jws';
import { TestRings, testKey } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { FakeBus, type Request } from '../../../testing/fake-bus';
import { Desk, type Outcome } from '../../../testing/surroundings';

interface Vector {
  name: string;
  now: string;
  held: TrustBundle;
  messages: string[];
  expect: { platform: string; ring: string };
  holds: TrustBundle;
}

const { vectors } = JSON.parse(readFileSync(join(__dirname, '../../../../../test/vectors/chain.json'), 'utf8')) as {
  vectors: Vector[];
};
const desk = new Desk();
afterAll(() => desk.remove());

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Believed as it stands, so by nobody's key. */
const bundleOf = (payload: TrustBundle): string =>
  `${encoded({ alg: 'EdDSA', typ: 'plexsphere-bundle+jws', kid: 'k' })}.${encoded(payload)}.${'A'.repeat(86)}`;

const verify = (held: TrustBundle, chain: string, ...more: string[]): Promise<Outcome> => {
  const anchor = desk.file('anchor', bundleOf(held));
  return desk.plexctl('', ['signing', 'verify-chain', '--anchor', anchor, ...more], { input: chain, env: {} });
};

const verdictOf = ({ exitCode, stdout, stderr }: Outcome): unknown => {
  if (exitCode === 0) return 'taken';
  return stdout === ''
    ? (JSON.parse(stderr) as { refusal?: string }).refusal
    : (JSON.parse(stdout) as { refusal: string }).refusal;
};

describe('signing verify-chain says of each vector what a Node says', () => {
  const isRead = (text: string): boolean => {
    try {
      const { platform_statements: platform, statements } = JSON.parse(text) as Record<string, unknown>;
      return [platform, statements].every(
        (each) => Array.isArray(each) && each.every((one) => typeof one === 'string'),
      );
    } catch {
      return false;
    }
  };

  test.each(vectors.filter(({ messages }) => messages.every(isRead)))(
    '$name',
    async ({ held, messages, now, expect: expected, holds }) => {
      const run = await verify(held, `[${messages.join(',')}]`, '--at', now, '--output', 'json');
      expect(verdictOf(run)).toBe(expected.ring);
      if (expected.platform !== 'taken' && expected.ring !== 'taken') return;
      const shown = JSON.parse(run.stdout) as { platform: { head: string }; ring: { head: string } | null };
      expect(shown.platform.head).toBe(holds.platform.statement_hash);
      expect(shown.ring?.head ?? holds.statement_hash).toBe(holds.statement_hash);
    },
  );
});

describe('signing verify-chain', () => {
  const [{ held }] = vectors as [Vector];

  test.each<[string, string, string]>([
    ['no JSON', 'chain', 'chain'],
    ['another document', '{"statements": []}', 'chain'],
    ['no part at all', '[]', 'chain'],
    ['statements that are no texts', '{"platform_statements": [1], "statements": []}', 'chain'],
  ])('refuses %s', async (_, text, field) => {
    expect(await verify(held, text)).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(`field: ${field}`),
    });
  });

  it('refuses an anchor that is none, and quotes nothing of it', async () => {
    const args = [
      'signing',
      'verify-chain',
      '--anchor',
      desk.file('enrolment', '{"bus_credential": "secret", "bundle": "x"}'),
    ];
    const run = await desk.plexctl('', args, { input: '{}', env: {} });
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.not.stringContaining('secret') });
  });

  it('says that nothing was said about what came after, where there is no bundle', async () => {
    const run = await verify(held, '{"platform_statements": [], "statements": []}');
    expect(run).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('note: no bundle') });
  });
});

describe('signing verify-chain --scope', () => {
  const DOMAIN = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
  const NOW = new Date();
  const PAGE = 2;
  let rings: TestRings;

  beforeEach(async () => {
    rings = new TestRings();
    await rings.create(PLATFORM, 'p1', NOW);
    await rings.create(DOMAIN, 'k1', NOW);
  });

  /** Pages of the rings as they are, smaller than any would be. */
  async function fetched(
    anchor: string,
    { scope = DOMAIN, shown = rings, more = [] as string[] } = {},
  ): Promise<Outcome & { requests: Request[]; document: { ring: object; platform: object; chain: object } }> {
    const bus = new FakeBus(({ body: { scope: of, after_epoch: after } }) => {
      const ahead = shown.of(String(of)).statements.filter(({ epoch }) => epoch > Number(after));
      const page = ahead.slice(0, PAGE);
      const next = ahead.length > PAGE ? page.at(-1)?.epoch : undefined;
      return { reply: { scope: of, statements: page.map(({ text }) => text), ...(next && { next }) } };
    });
    const args = ['--anchor', desk.file('anchor', anchor), '--scope', scope, '--output', 'json', ...more];
    try {
      const run = await desk.plexctl(await bus.start(), ['signing', 'verify-chain', ...args]);
      return { ...run, requests: bus.requests, document: run.stdout === '' ? undefined : JSON.parse(run.stdout) };
    } finally {
      await bus.stop();
    }
  }

  const askedOf = ({ requests }: { requests: Request[] }) =>
    requests.map(({ body }) => [body['scope'], body['after_epoch']]);

  it('takes page after page from the anchor on, of both rings, and what it took, kept in a file, is taken again', async () => {
    const anchor = await rings.bundle(DOMAIN, NOW);
    for (const id of ['k2', 'k3', 'k4']) await rings.of(DOMAIN).rotate(id, NOW);
    await rings.of(PLATFORM).rotate('p2', NOW);
    await rings.of(DOMAIN).revoke('k4', NOW, 'k5');
    const run = await fetched(anchor);
    expect(run).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('no bundle') });
    expect(run.document).toMatchObject({
      ring: { head: rings.of(DOMAIN).statementHash, active_key_id: 'k5' },
      platform: { head: rings.of(PLATFORM).statementHash, active_key_id: 'p2' },
    });
    const { chain, ...walked } = run.document;
    const file = JSON.stringify(chain);
    const byFile = await desk.plexctl(
      '',
      ['signing', 'verify-chain', '--anchor', join(desk.folder, 'anchor'), '--output', 'json'],
      {
        input: file,
        env: {},
      },
    );
    expect(JSON.parse(byFile.stdout)).toEqual(walked);
  });

  it('asks for nothing that is before the anchor, whose head is passed over', async () => {
    for (const id of ['k2', 'k3', 'k4']) await rings.of(DOMAIN).rotate(id, NOW);
    const { headEpoch } = rings.of(DOMAIN);
    const run = await fetched(await rings.bundle(DOMAIN, NOW));
    expect(run).toMatchObject({ exitCode: 0, document: { ring: { head: rings.of(DOMAIN).statementHash } } });
    expect(askedOf(run)).toEqual([
      [DOMAIN, headEpoch - 1],
      [PLATFORM, 0],
    ]);
  });

  it('asks for the older statements of the platform where one of them has to say whose key vouched', async () => {
    const before = rings.of(DOMAIN).anchor();
    await rings.of(DOMAIN).revoke('k1', NOW, 'k2');
    for (const id of ['p2', 'p3']) await rings.of(PLATFORM).rotate(id, NOW);
    const run = await fetched(await rings.bundle(DOMAIN, NOW, { anchor: before }));
    expect(run).toMatchObject({ exitCode: 0, document: { ring: { active_key_id: 'k2' } } });
    expect(askedOf(run)).toContainEqual([PLATFORM, 0]);
  });

  it('refuses an anchor that the chain does not lead on from, however late it claims to be', async () => {
    const fork = rings.fork();
    await fork.of(DOMAIN).rotate('stolen', NOW);
    await rings.of(DOMAIN).rotate('k2', NOW);
    const late = { ...fork.of(DOMAIN).anchor(), epoch: 2 ** 53 - 1, head_epoch: 2 ** 53 - 1 };
    for (const anchor of [fork.of(DOMAIN).anchor(), late]) {
      const run = await fetched(await rings.bundle(DOMAIN, NOW, { anchor }));
      expect(run).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('chain refused') });
    }
    // What would bring it back, a bundle would have to prove.
    await rings.of(DOMAIN).revoke('k2', NOW, 'k3');
    const replaced = await fetched(await rings.bundle(DOMAIN, NOW, { anchor: fork.of(DOMAIN).anchor() }));
    expect(replaced).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('believes the service in nothing', async () => {
    const anchor = await rings.bundle(DOMAIN, NOW);
    const shown = rings.fork();
    await shown.of(DOMAIN).revoke('k1', NOW, 'stolen', testKey('nobody'));
    expect(await fetched(anchor, { shown })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('foreign_authority'),
    });
  });

  it('refuses an anchor of another scope, and a chain of its own beside it, before it asks', async () => {
    const anchor = await rings.bundle(DOMAIN, NOW);
    expect(await fetched(anchor, { scope: PLATFORM })).toMatchObject({ exitCode: 2, requests: [] });
    expect(await fetched(anchor, { more: ['--chain', '-'] })).toMatchObject({ exitCode: 2, requests: [] });
  });
});
