import { join } from 'node:path';
import type { Step } from '../../src/tell-story';
import { project } from './project';
import { publish, runUntil } from './ten-lines';

export const step: Step = async (world) => {
  const folder = await project(world);
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const enrolment = join(folder, 'edge-1.node.json');
  await world.plexctl(['node', 'add', '--scope', world.domain, '--name', 'edge-1', '--out', enrolment]);

  await publish(world, 1);
  expect(await runUntil(world, folder, 'node.mjs', '1 route_updated {"n":1}')).toEqual(['1 route_updated {"n":1}']);

  // The same Node, as it left its folder: by the other kind of module, and over a rotation that it slept through.
  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'k2']);
  await publish(world, 2);
  expect(await runUntil(world, folder, 'node.cjs', '2 route_updated {"n":2}')).toEqual(['2 route_updated {"n":2}']);
};
