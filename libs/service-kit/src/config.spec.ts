import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';
import { ConfigError, DurationMs, Switch, Variable, readConfig } from './config';
import { ServiceConfig } from './service-config';

class TestConfig extends ServiceConfig {
  @Variable('OVERLAP_WINDOW', '24h')
  @DurationMs()
  overlapWindowMs: number;

  @Variable('ALLOW_SHORT_OVERLAP', 'false')
  @Switch()
  allowShortOverlap: boolean;
}

const folder = temporaryFolder();

const complete = {
  PLEXSPHERE_NATS_URL: 'nats://127.0.0.1:4222',
  PLEXSPHERE_BUS_CREDENTIAL_FILE: 'rotation.creds',
  PLEXSPHERE_DATABASE_URL: 'postgres://somebody@127.0.0.1/db',
};

const refusal = (env: Record<string, string>, argv: string[] = []): string => {
  try {
    readConfig(TestConfig, { ...complete, ...env }, argv);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('configuration', () => {
  it('reads variables, flags over variables, and defaults', () => {
    const env = { ...complete, PLEXSPHERE_OVERLAP_WINDOW: '2h', PATH: '/bin' };
    expect(readConfig(TestConfig, env, []).overlapWindowMs).toBe(7_200_000);
    expect(readConfig(TestConfig, env, ['--overlap-window', '30s']).overlapWindowMs).toBe(30_000);
    expect(readConfig(TestConfig, env, ['--overlap-window=5m', '--allow-short-overlap'])).toMatchObject({
      overlapWindowMs: 300_000,
      allowShortOverlap: true,
      healthListen: '127.0.0.1:0',
      logLevel: 'info',
    });
  });

  it('S4: takes a bus beyond the loopback over TLS, or when that is insisted on', () => {
    expect(refusal({ PLEXSPHERE_NATS_URL: 'tls://bus.example.com:4222', PLEXSPHERE_BUS_CA_FILE: __filename })).toBe(
      'accepted',
    );
    expect(refusal({ PLEXSPHERE_NATS_URL: 'nats://10.0.0.7:4222' }, ['--allow-plaintext-bus'])).toBe('accepted');
  });

  it('N-1: takes the database from a file, and reads it anew', () => {
    const file = join(folder, 'url');
    writeFileSync(file, complete.PLEXSPHERE_DATABASE_URL);
    const env = { ...complete, PLEXSPHERE_DATABASE_URL: '', PLEXSPHERE_DATABASE_URL_FILE: file };
    const { databaseUrl } = readConfig(TestConfig, env, []);
    expect(databaseUrl()).toBe(complete.PLEXSPHERE_DATABASE_URL);
    writeFileSync(file, 'postgres://another@127.0.0.1/db');
    expect(databaseUrl()).toBe('postgres://another@127.0.0.1/db');
  });

  it('ignores what the local stack exports for plexctl', () => {
    expect(refusal({ PLEXSPHERE_SIGNER_ENDPOINT: 'x', PLEXSPHERE_TOKEN_FILE: 'y' })).toBe('accepted');
  });

  it.each([
    ['a missing variable', { PLEXSPHERE_NATS_URL: '' }, [], 'PLEXSPHERE_NATS_URL is missing.'],
    ['an unknown variable', { PLEXSPHERE_OVERLAP: '1h' }, [], 'PLEXSPHERE_OVERLAP is not a setting of this service.'],
    ['an unknown flag', {}, ['--overlap', '1h'], 'PLEXSPHERE_OVERLAP is not a setting of this service.'],
    ['a word that is no flag', {}, ['overlap'], 'overlap is not a flag of this service.'],
    [
      'a malformed duration',
      { PLEXSPHERE_OVERLAP_WINDOW: 'a day' },
      [],
      'PLEXSPHERE_OVERLAP_WINDOW must be a duration such as 500ms, 30s, 10m or 24h.',
    ],
    [
      'a malformed switch',
      { PLEXSPHERE_ALLOW_SHORT_OVERLAP: 'yes' },
      [],
      'PLEXSPHERE_ALLOW_SHORT_OVERLAP must be true or false.',
    ],
    [
      'a malformed URL',
      { PLEXSPHERE_NATS_URL: 'localhost' },
      [],
      'PLEXSPHERE_NATS_URL must be nats://host:port or tls://host:port, several separated by commas.',
    ],
    [
      'S4: a plaintext bus beyond the loopback',
      { PLEXSPHERE_NATS_URL: 'nats://127.0.0.1:4222,nats://10.0.0.7:4222' },
      [],
      'PLEXSPHERE_NATS_URL must be tls:// beyond this machine, unless PLEXSPHERE_ALLOW_PLAINTEXT_BUS insists.',
    ],
    [
      'S4: one address in plaintext among others',
      { PLEXSPHERE_NATS_URL: 'nats://127.0.0.1:4222,tls://bus.example.com:4222' },
      [],
      'PLEXSPHERE_NATS_URL must be tls:// throughout, or nats:// throughout.',
    ],
    [
      'S4: CA certificates for a bus that shows none',
      { PLEXSPHERE_BUS_CA_FILE: __filename },
      [],
      'PLEXSPHERE_NATS_URL must be tls:// where PLEXSPHERE_BUS_CA_FILE is given.',
    ],
    [
      'CA certificates that are not there',
      { PLEXSPHERE_NATS_URL: 'tls://bus.example.com:4222', PLEXSPHERE_BUS_CA_FILE: '/nowhere/ca.pem' },
      [],
      'PLEXSPHERE_BUS_CA_FILE must be a file that this service can read.',
    ],
    ['neither a database nor its file', { PLEXSPHERE_DATABASE_URL: '' }, [], 'PLEXSPHERE_DATABASE_URL is missing.'],
    [
      'a database and its file',
      { PLEXSPHERE_DATABASE_URL_FILE: __filename },
      [],
      'PLEXSPHERE_DATABASE_URL must not stand beside PLEXSPHERE_DATABASE_URL_FILE.',
    ],
    [
      'a file of the database that is not there',
      { PLEXSPHERE_DATABASE_URL: '', PLEXSPHERE_DATABASE_URL_FILE: '/nowhere/url' },
      [],
      'PLEXSPHERE_DATABASE_URL cannot be read from PLEXSPHERE_DATABASE_URL_FILE (ENOENT).',
    ],
  ])('refuses %s in one sentence that names it', (_, env, argv, sentence) => {
    expect(refusal(env as Record<string, string>, argv)).toBe(sentence);
  });

  it('N-8: names everything that is missing or wrong at once', () => {
    const env = { PLEXSPHERE_NATS_URL: '', PLEXSPHERE_DATABASE_URL: '', PLEXSPHERE_OVERLAP_WINDOW: 'a day' };
    expect(refusal(env, ['--overlap', '1h']).split('\n')).toEqual([
      'PLEXSPHERE_OVERLAP is not a setting of this service.',
      'PLEXSPHERE_NATS_URL is missing.',
      'PLEXSPHERE_OVERLAP_WINDOW must be a duration such as 500ms, 30s, 10m or 24h.',
      'PLEXSPHERE_DATABASE_URL is missing.',
    ]);
  });

  it('never shows a value: a secret may stand in the wrong variable', () => {
    expect(refusal({ PLEXSPHERE_LOG_LEVEL: 'hunter2', PLEXSPHERE_DATABASE_URL: 'hunter2' })).not.toContain('hunter2');
  });
});
