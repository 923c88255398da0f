import type { Step } from '../../src/tell-story';
import { Transcript } from '../../src/transcript';

const LEAKS = /select|pg_|postgres:|\/src\/|\/dist\/|ECONN|typeorm|password/i;

export const step: Step = async (world) => {
  const { stack, domain } = world;
  await world.json(['signing', 'close', '--scope', domain, '--old', 'k1', '--new', 'k2', '--force']);
  const rotate = ['signing', 'rotate', '--scope', domain, '--new-key-id', 'k3'];

  const transcript = new Transcript(world);
  const [signer] = stack.services('signer');
  await signer?.stop();
  const unsigned = await world.plexctl(rotate);
  transcript.add(rotate, unsigned);
  expect([unsigned.exitCode, unsigned.stdout]).toEqual([1, '']);
  expect(unsigned.stderr).toContain('signing: no signer available');
  await signer?.start();

  await stack.postgres.kill();
  const undecided = await world.plexctl(rotate);
  transcript.add(rotate, undecided);
  expect([undecided.exitCode, undecided.stdout]).toEqual([1, '']);
  expect(undecided.stderr).toContain('signing: database unavailable');
  expect(undecided.stderr).not.toMatch(LEAKS);
  // N-5: a line for many requests, and none that does not say which.
  const away = stack
    .services('rotation')
    .flatMap((service) => service.logs())
    .filter(({ msg }) => msg === 'database away: requests fail' || msg === 'request failed');
  expect(away.length).toBeGreaterThan(0);
  expect(away.length).toBeLessThan(10);
  for (const line of away) expect(line).toMatchObject({ command: expect.any(String) });
  await stack.postgres.start();

  expect(await world.kids(domain)).toEqual(['k2']);
  transcript.expectToMatch('parts-that-are-down.transcript');
};
