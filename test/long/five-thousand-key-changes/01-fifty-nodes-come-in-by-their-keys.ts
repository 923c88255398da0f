import type { Step } from '../../src/tell-story';
import { dialAsGateway, PlayedAgent } from './agents';

const NODES = 50;

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const gateway = await dialAsGateway(world);
  const agents: PlayedAgent[] = [];
  for (let n = 1; n <= NODES; n++) agents.push(await PlayedAgent.enroll(world, gateway, `edge-${n}`));
  expect(new Set(agents.map(({ id }) => id)).size).toBe(NODES);
  expect(agents.map(({ holding }) => holding.generation)).toEqual(agents.map(() => 1));
  world.kept.set('agents', agents);
};
