import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const pinned = ['--signer-endpoint', world.stack.signerEndpoint];
  const nowhere = { PLEXSPHERE_SIGNER_ENDPOINT: '127.0.0.1:1' };
  const rotate = ['signing', 'rotate', ...pinned, '--scope', 'platform', '--new-key-id', 'platform-2026-06'];
  const tooEarly = await world.plexctl(rotate, '', nowhere);
  expect([tooEarly.exitCode, tooEarly.stderr.includes('signing: rotation in progress')]).toEqual([1, true]);

  await world.json(['signing', 'close', '--scope', 'platform', '--old', 'platform-1', '--new', 'platform-2026-05']);
  const ran = await world.plexctl(rotate, '', nowhere);
  expect(ran).toMatchObject({ exitCode: 0 });
  expect(await world.kids('platform')).toEqual(['platform-2026-06', 'platform-2026-05']);
};
