import { runToItsEnd } from '../../src/run-service';
import type { Step } from '../../src/tell-story';

const complete = {
  PLEXSPHERE_NATS_URL: 'nats://127.0.0.1:1',
  PLEXSPHERE_BUS_CREDENTIAL_FILE: 'rotation.creds',
  PLEXSPHERE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  PLEXSPHERE_ACCOUNT_CREDENTIAL_FILE: 'account-pusher.creds',
};

export const step: Step = async () => {
  // What else may be wrong with a setting is config.spec's; here it is a process that ends by it.
  const wrong = await runToItsEnd('rotation', { ...complete, PLEXSPHERE_LEASE: '1s' }, ['--overlap-window', 'soon']);
  expect([wrong.exitCode, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr.trim().split('\n').sort()).toEqual([
    'PLEXSPHERE_LEASE must be at least 3s.',
    'PLEXSPHERE_OVERLAP_WINDOW must be a duration such as 500ms, 30s, 10m or 24h.',
  ]);
  // N-8: all that is missing at once, and --help.
  const nothing = await runToItsEnd('rotation', {});
  expect(nothing.stderr.trim().split('\n').sort()).toEqual(
    Object.keys(complete)
      .map((name) => `${name} is missing.`)
      .sort(),
  );
  const help = await runToItsEnd('signer', {}, ['--help']);
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  expect(help.stdout).toMatch(/PLEXSPHERE_KEK_FILE +--kek-file +required/);
  const short = await runToItsEnd('rotation', complete, ['--overlap-window', '10m']);
  expect(short.exitCode).toBe(2);
  expect(short.stderr).toMatch(/the overlap window of 600 s is too short: it must be at least max\(.*\) .* = \d+ s/);
  const long = await runToItsEnd('rotation', complete, ['--lease', '20s']);
  expect(long.stderr).toMatch(/the lease of 20 s is too long: .* more than 30 s/);
};
