import { EdgeCrowd } from '../../src/edge-crowd';
import type { Step } from '../../src/tell-story';

const PROCESSES = 4;
const HOSTS_EACH = 3;

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const crowds: EdgeCrowd[] = [];
  for (let crowd = 1; crowd <= PROCESSES; crowd++) {
    const names = Array.from({ length: HOSTS_EACH }, (_, host) => `edge-${crowd}-${host + 1}`);
    crowds.push(await EdgeCrowd.begin(world, names));
  }
  world.kept.set('crowds', crowds);
};
