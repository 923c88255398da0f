import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';
import { createLogger } from '@plexsphere/service-kit';
import { help, readCommandLine } from './command-line';
import { Rings } from './rings';

const enrolment = join(temporaryFolder(), 'sink.json');
writeFileSync(enrolment, '{}');
const OWN = ['--enrolment', enrolment, '--store', '/var/lib/sink'];
const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:jit-signing-key-AbCdEf';
const RING = ['--ring', 'plugin-to-backend', '--to', `aws:${ARN}`, '--format', 'map'];
const OTHER = ['--ring=backend-to-plugin', '--to=file:/run/party/keys.json', '--format=active', '--encoding=whsec'];

const refusal = (argv: string[], env = {}): string => {
  try {
    readCommandLine(argv, env);
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as Error).message;
  }
  return 'read';
};

test('a process, and a block for each ring', () => {
  const { config, targets } = readCommandLine([...OWN, ...RING, '--take-over', ...OTHER], {});
  expect(config).toMatchObject({ enrolment, store: '/var/lib/sink', lookEvery: 60_000, allowPlaintext: false });
  expect(targets).toEqual([
    { ring: 'plugin-to-backend', to: `aws:${ARN}`, format: 'map', encoding: 'hex', takeOver: true },
    {
      ...{ ring: 'backend-to-plugin', to: 'file:/run/party/keys.json', format: 'active', encoding: 'whsec' },
      takeOver: false,
    },
  ]);
});

test('what is the process’ own may come from the environment, what is a ring’s may not', () => {
  const env = { PLEXSPHERE_ENROLMENT: enrolment, PLEXSPHERE_STORE: '/s', PLEXSPHERE_SIGNER_ENDPOINT: 'of plexctl' };
  expect(readCommandLine(RING, env).config.store).toBe('/s');
  expect(refusal(RING, { ...env, PLEXSPHERE_FORMAT: 'map' })).toBe(
    'PLEXSPHERE_FORMAT is not a setting of this service.',
  );
});

test.each<[string, string[], string]>([
  ['no ring', OWN, '--ring is missing: each ring has its target.'],
  ['no enrolment', ['--store', '/s', ...RING], 'PLEXSPHERE_ENROLMENT is missing.'],
  ['no target', [...OWN, '--ring', 'a-to-b', '--format', 'map'], '--to is missing.'],
  ['no format', [...OWN, '--ring', 'a-to-b', '--to', 'file:/t'], '--format is missing.'],
  ['another format', [...OWN, ...RING, '--format', 'yaml'], '--format must be map or active.'],
  ['another encoding', [...OWN, ...RING, '--encoding', 'utf8'], '--encoding must be hex or base64 or whsec.'],
  ['a ring that is none', [...OWN, '--ring', 'a-b', ...RING.slice(2)], '--ring must be <side>-to-<side>.'],
  ['one side', [...OWN, '--ring', 'a-to-a', ...RING.slice(2)], '--ring must be <side>-to-<side>.'],
  ['a ring twice', [...OWN, ...RING, ...RING], '--ring plugin-to-backend is given twice.'],
  ['a target twice', [...OWN, ...RING, '--ring', 'a-to-b', ...RING.slice(2)], `--to aws:${ARN} is given twice.`],
  ['the process’ own behind a ring', [...OWN, ...RING, '--log-level', 'warn'], '--log-level is not a flag of a ring.'],
])('is refused: %s', (_, argv, message) => expect(refusal(argv)).toBe(message));

test.each([
  'file:relative/path',
  'file:/a/../b',
  'file:/a/',
  'file:',
  'vault:secret/data/x',
  '/etc/secret',
  'constructor:x',
  'aws:jit-signing-key',
  'aws:arn:aws:s3:::bucket',
  'aws:arn:aws:secretsmanager:us-east-1:12:secret:x',
])('is no target: %s', (to) => {
  expect(refusal([...OWN, '--ring', 'a-to-b', '--to', to, '--format', 'map'])).toMatch(/^--to must be file:/);
});

test('a ring has to be of this member, and its format of what the party does', async () => {
  const open = (side: string, argv: string[]): Promise<Rings> =>
    Rings.open(readCommandLine([...OWN, ...argv], {}).targets, {
      member: { nodeId: '0b6f3c9e-7f3b-4b8e-9a3d-5d5f6a7b8c9d', slug: 'chat', side },
      ...{ store: '/s', allowPlaintext: false, logger: createLogger('channel-sink', 'error') },
    });
  await expect(open('third', RING)).rejects.toThrow(
    '--ring plugin-to-backend is not of this member, whose side is third.',
  );
  await expect(open('plugin', OTHER)).rejects.toThrow('--format active is for who signs: plugin verifies');
  const rings = await open('backend', [...RING, ...OTHER]);
  await expect(rings.write('channel:chat:other-to-backend', [], 1)).rejects.toMatchObject({ code: 'no_target' });
});

test('help names every flag of a ring', () => {
  for (const flag of ['--ring', '--to', '--format', '--encoding', '--take-over', '--enrolment', '--store'])
    expect(help()).toContain(flag);
});
