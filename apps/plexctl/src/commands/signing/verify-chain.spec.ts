import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrustBundle } from '@plexsphere/wire/jws';
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
