import type { Step } from '../../src/tell-story';

const TABLE = /^SCOPE +OLD_KEY_ID +NEW_KEY_ID +OPENED_AT +CLOSES_AT *\n(\S+) +(\S+) +(\S+) +(\S+) +(\S+) *\n$/;
const DAY_MS = 86_400_000;

export const step: Step = async (world) => {
  const ran = await world.plexctl(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'domain-2026-05']);
  expect(ran.exitCode).toBe(0);
  const [, scope, oldKeyId, newKeyId, openedAt, closesAt] = TABLE.exec(ran.stdout) ?? [];
  expect([scope, oldKeyId, newKeyId]).toEqual([world.domain, 'domain-2026-04', 'domain-2026-05']);
  expect(openedAt).toMatch(/Z$/);
  expect(Date.parse(closesAt ?? '') - Date.parse(openedAt ?? '')).toBe(DAY_MS);
  expect(await world.kids(world.domain)).toEqual(['domain-2026-05', 'domain-2026-04']);
};
