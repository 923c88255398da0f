import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';
import { busPermissions, createBusKey, credsText } from '@plexsphere/wire';
import { warnOfRights } from './bus-rights';
import { Health } from './health';

const folder = temporaryFolder();
const service = 'gateway';

function credentialFile(name: string, without: readonly string[]): string {
  const { publish, subscribe } = busPermissions({ kind: service });
  const kept = (subjects: readonly string[]) => ({ allow: subjects.filter((each) => !without.includes(each)) });
  const claims = { nats: { pub: kept(publish), sub: kept(subscribe) } };
  const jwt = `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
  const path = join(folder, name);
  writeFileSync(path, credsText(jwt, createBusKey('user').seed));
  return path;
}

/** What is logged, and what /readyz says beside its ok. */
function warned(path: string): { logged: unknown[]; shown: (string | undefined)[] } {
  const [health, logged, shown] = [new Health(), [] as unknown[], [] as (string | undefined)[]];
  jest.spyOn(health, 'warn').mockImplementation((name, check) => void shown.push(`${name}: ${check()}`));
  warnOfRights({ credentialFile: path, service }, health, { warn: (fields: unknown) => void logged.push(fields) });
  return { logged, shown };
}

it('says nothing of a credential of this version', () => {
  expect(warned(credentialFile('now.creds', []))).toEqual({ logged: [], shown: [] });
});

it('says what an earlier version’s lacks, and by which command there is another; the service stays ready', () => {
  const hint = 'plexctl bootstrap reissue --service gateway';
  expect(warned(credentialFile('before.creds', ['http.*.enroll', 'http.*.logout']))).toEqual({
    logged: [{ lacking: ['http.*.enroll', 'http.*.logout'], hint }],
    shown: [`bus credential: of an earlier version: ${hint}`],
  });
});
