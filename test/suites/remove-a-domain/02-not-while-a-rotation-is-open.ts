import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await world.json(['node', 'remove', '--scope', world.domain, '--name', 'edge-1']);
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  const refused = await world.plexctl(['domain', 'remove', '--id', world.domainId]);
  expect([refused.exitCode, refused.stderr.includes('  keys: k1 is retiring\n')]).toEqual([1, true]);
  await world.json(['signing', 'close', '--scope', world.domain, '--old', 'k1', '--new', 'k2']);
};
