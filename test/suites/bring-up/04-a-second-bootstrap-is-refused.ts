import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const ran = await world.plexctl(['bootstrap', '--out', join(tmpdir(), randomUUID())]);
  expect([ran.exitCode, ran.stderr.includes('signing: already bootstrapped')]).toEqual([1, true]);
  expect((await world.plexctl(['migrate'])).exitCode).toBe(0);
};
