import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually } from '@plexsphere/testkit';
import { issuerOf, settled, tokensEnd } from '../../src/issuer-hands';
import type { ImportKeyReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { Talk } from './hands';

/** The public half of RFC 7517, appendix A.1, under a name that is no key id. */
const OLD = {
  ...{ kty: 'EC', crv: 'P-256', kid: 'https://old.example.com/keys#1' },
  ...{ x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4', y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM' },
};

export const step: Step = async (world) => {
  const { slug, scope } = issuerOf(world);
  const file = join(dirname(dirname(world.stack.tokenFile)), 'of-the-operator', 'old.jwk');
  await writeFile(file, JSON.stringify(OLD));
  const talk = new Talk(world, new Map([['old.jwk', file]]));
  const say = talk.say.bind(talk);
  const create = ['issuer', 'create', '--slug', slug, '--url'];
  const of = ['--scope', scope];

  // Another is the default one already, by the story before.
  await say(2, ...create, 'https://id.example.com');
  await say(0, ...create, `https://id.example.com/issuers/${slug}`);
  await say(1, ...create, `https://id.example.com/issuers/${slug}`);
  const [active, standby] = (await settled(world, 'active staged')).keys.map(({ key_id }) => key_id);
  await say(0, 'issuer', 'list');
  await say(0, 'issuer', 'show', '--slug', slug);
  await say(0, 'issuer', 'show', '--slug', slug, '--output', 'json');
  await say(1, 'issuer', 'show', '--slug', 'nowhere');
  await say(0, 'policy', 'set', ...of, '--cadence', 'production', '--token-life', '30m', '--plan');
  await say(0, 'policy', 'set', ...of, '--cadence', 'production', '--token-life', '30m');
  await say(2, 'policy', 'set', ...of, '--token-life', '48h');
  await say(2, 'policy', 'set', '--scope', 'platform', '--token-life', '30m');
  await say(0, 'policy', 'set', ...of, '--algorithm', 'EdDSA', '--plan');

  const importing = (hours: number, ...more: string[]): string[] => {
    const until = new Date(Date.now() + hours * 3_600_000).toISOString();
    const terms = ['--foreign-signs-until', until, '--foreign-token-life', '1h'];
    return ['issuer', 'import', ...of, '--jwk', 'old.jwk', ...terms, ...more];
  };
  await say(1, ...importing(1, '--no-kid', '--plan'));
  await say(0, ...importing(2, '--plan'));
  const imported = (await say(0, ...importing(2, '--output', 'json'))).stdout;
  await say(1, ...importing(1, '--plan'));
  await say(2, ...importing(1));
  const { imported_key_id: foreign } = JSON.parse(imported) as ImportKeyReply;
  await say(0, 'signing', 'revoke', ...of, '--key-id', foreign, '--reason', 'moved', '--yes');
  await settled(world, 'active staged');

  await say(1, 'signing', 'rotate', ...of, '--new-key-id', 'other');
  await eventually(async () => (await world.plexctl(['signing', 'rotate', ...of, '--plan'])).exitCode === 0, {
    describe: 'the standby propagated',
  });
  await say(0, 'signing', 'rotate', ...of, '--plan');
  await say(0, 'signing', 'rotate', ...of);
  await settled(world, 'active staged retiring');
  await tokensEnd(world, '1 hour');
  const keys = ['--old', active ?? '', '--new', standby ?? ''];
  await say(1, 'signing', 'close', ...of, '--plan');
  await say(1, 'signing', 'close', ...of, ...keys);
  await say(0, 'signing', 'close', ...of, ...keys, '--force');

  await settled(world, 'active staged');
  const revoke = ['signing', 'revoke', ...of, '--key-id', standby ?? '', '--reason', 'stolen'];
  await say(0, ...revoke, '--discard-staged', '--new-key-id', 'emergency', '--plan');
  await say(0, ...revoke, '--discard-staged', '--new-key-id', 'emergency', '--yes');
  talk.expectToMatch('life-of-an-issuers-keys.transcript');
};
