import { dirname } from 'node:path';
import { BootstrapFolder } from '@plexsphere/stack';
import { SERVICE_NAMES } from '@plexsphere/wire';
import { runToItsEnd } from '../../src/run-service';
import type { Step } from '../../src/tell-story';

const SENTENCE = /^signing: database of another version: .*npm stop -- --erase.*\.\n$/;

// As a version left it that did not mark its form: services, plexctl and the local stack begin nothing on it.
export const step: Step = async (world) => {
  const bootstrap = new BootstrapFolder(dirname(world.stack.tokenFile));
  const at = { natsUrl: world.stack.natsUrl, databaseUrl: world.stack.databaseUrl('owner') };
  for (const schema of ['ring', 'material']) await world.query(`COMMENT ON SCHEMA ${schema} IS NULL`);
  for (const kind of SERVICE_NAMES) {
    const ended = await runToItsEnd(kind, bootstrap.environment(kind, at));
    expect([kind, ended.exitCode, ended.stderr]).toEqual([kind, 2, expect.stringMatching(SENTENCE)]);
  }
  const migrated = await world.plexctl(['migrate']);
  expect([migrated.exitCode, migrated.stderr]).toEqual([1, expect.stringContaining('database of another version')]);
  await world.stack.stop();
  await expect(world.stack.start()).rejects.toThrow(/^This stack was made by another version.*npm stop -- --erase/);
};
