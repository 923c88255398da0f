import { runToItsEnd } from '../../src/run-service';
import type { Step } from '../../src/tell-story';

const complete = {
  PLEXSPHERE_NATS_URL: 'nats://127.0.0.1:1',
  PLEXSPHERE_BUS_CREDENTIAL_FILE: 'rotation.creds',
  PLEXSPHERE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  PLEXSPHERE_ACCOUNT_CREDENTIAL_FILE: 'account-pusher.creds',
};

const cases: [Record<string, string>, string[], string][] = [
  [{ PLEXSPHERE_NATS_URL: '' }, [], 'PLEXSPHERE_NATS_URL is missing.\n'],
  [{ PLEXSPHERE_OVERLAP: '1h' }, [], 'PLEXSPHERE_OVERLAP is not a setting of this service.\n'],
  [{}, ['--overlap-window', 'soon'], 'PLEXSPHERE_OVERLAP_WINDOW must be a duration such as 500ms, 30s, 10m or 24h.\n'],
  [{ PLEXSPHERE_LEASE: '1s' }, [], 'PLEXSPHERE_LEASE must be at least 3s.\n'],
];

export const step: Step = async () => {
  for (const [env, flags, sentence] of cases) {
    expect(await runToItsEnd('rotation', { ...complete, ...env }, flags)).toEqual({
      exitCode: 2,
      stderr: sentence,
      stdout: '',
    });
  }
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
