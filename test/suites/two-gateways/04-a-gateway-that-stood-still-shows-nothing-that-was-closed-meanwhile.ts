import type { Step } from '../../src/tell-story';
import { kids } from './hands';

export const step: Step = async (world) => {
  const [first] = world.stack.services('gateway');
  first?.pause();
  try {
    const triple = ['--old', 'domain-2026-04', '--new', 'domain-2026-07'];
    // The Node has not applied it, and there is no stream by which it could.
    await world.json(['signing', 'close', '--scope', world.domain, ...triple, '--force']);
    // It was waited for until its lease had run out.
    expect(await kids(world, 'gateway-2')).toEqual(['domain-2026-07']);
  } finally {
    first?.resume();
  }
  expect(await kids(world, 'gateway-1')).toEqual(['domain-2026-07']);
};
