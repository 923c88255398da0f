import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICE_NAMES, busPermissions, createBusKey, credsText, type ServiceName } from '@plexsphere/wire';
import { replaceCredential, servicesWithEarlierCredentials } from './earlier-credentials';

const folder = mkdtempSync(join(tmpdir(), 'plexsphere-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function creds(kind: ServiceName, without: readonly string[] = []): string {
  const { publish, subscribe } = busPermissions({ kind });
  const kept = (subjects: readonly string[]) => ({ allow: subjects.filter((each) => !without.includes(each)) });
  const claims = { nats: { pub: kept(publish), sub: kept(subscribe) } };
  return credsText(`h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`, createBusKey('user').seed);
}
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

beforeEach(() => {
  for (const service of SERVICE_NAMES) {
    writeFileSync(join(folder, `${service}.creds`), creds(service, ['http.*.token', 'node.*.order']));
    writeFileSync(join(folder, `${service}.database-url`), 'before');
  }
});

/** What it was asked is kept; it ends at the call that `fails` names. */
function plexctl(asked: string[][], fails?: number) {
  return (args: string[]): Promise<void> => {
    asked.push(args);
    if (asked.length === fails) return Promise.reject(new Error('cut off'));
    const out = args[args.indexOf('--out') + 1] ?? '';
    if (args.includes('--out')) {
      mkdirSync(out);
      writeFileSync(join(out, 'gateway.creds'), creds('gateway'));
      writeFileSync(join(out, 'gateway.database-url'), 'anew');
    }
    return Promise.resolve();
  };
}

test('those alone get another that lack what this version says or hears, and theirs before is ended', async () => {
  expect(await servicesWithEarlierCredentials(folder)).toEqual(['rotation', 'gateway']);
  const asked: string[][] = [];
  await replaceCredential(folder, 'gateway', plexctl(asked));
  const reissue = ['bootstrap', 'reissue', '--service', 'gateway'];
  const out = join(folder, 'gateway-anew');
  expect(asked).toEqual([
    [...reissue, '--kek-file', join(folder, 'kek'), '--out', out],
    [...reissue, '--revoke-old'],
  ]);
  expect(text('gateway.database-url')).toBe('anew');
  expect(statSync(join(folder, 'gateway.creds')).mode & 0o777).toBe(0o600);
  expect(await servicesWithEarlierCredentials(folder)).toEqual(['rotation']);
});

test.each([1, 2])('what is cut off at its %d. command is done again', async (fails) => {
  await expect(replaceCredential(folder, 'gateway', plexctl([], fails))).rejects.toThrow('cut off');
  expect(await servicesWithEarlierCredentials(folder)).toContain('gateway');
  const asked: string[][] = [];
  await replaceCredential(folder, 'gateway', plexctl(asked));
  expect(asked).toHaveLength(2);
  expect(await servicesWithEarlierCredentials(folder)).not.toContain('gateway');
});
