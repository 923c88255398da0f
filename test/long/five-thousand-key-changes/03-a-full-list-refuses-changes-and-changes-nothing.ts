import { createHash } from 'node:crypto';
import { credsText } from '@plexsphere/wire';
import { dial } from '../../suites/permissions/hands';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import type { PlayedAgent } from './agents';
import { revocations } from './pushes';

const FULL = { code: 'RESOURCE_EXHAUSTED', body: { detail: 'signing: revocation list full' } };

const storedOf = (world: World, id: string) =>
  world.query<object>('SELECT * FROM ring.node_key WHERE node_id = $1 ORDER BY generation', [id]);

/** What would revoke is refused, what revokes nothing goes on; and the Node works by what it has. */
export const step: Step = async (world) => {
  const [agent] = world.kept.get('agents') as [PlayedAgent];
  const { seed, token, generation, key } = agent.holding;
  const connected = await dial(world, credsText(token, seed), { kind: 'node', id: agent.id });
  const [stored, listed, before] = [
    await storedOf(world, agent.id),
    await revocations(world, 'node_key'),
    await agent.view(),
  ];

  expect(await agent.change()).toMatchObject(FULL);
  expect(await agent.askToken(true)).toMatchObject(FULL);
  expect(await storedOf(world, agent.id)).toEqual(stored);
  expect(await revocations(world, 'node_key')).toBe(listed);
  expect(agent.holding).toMatchObject({ token, generation });
  expect({ ...(await agent.view()), now: '' }).toEqual({ ...before, now: '' });
  expect(before).toMatchObject({ generation, public_key: key.keyId, contested_since: null });
  await connected.flush();

  const renewed = await agent.askToken(false);
  expect(renewed).toMatchObject({ code: '', body: { generation, public_key: key.keyId } });
  const newer = String(renewed.body['token']);
  expect(createHash('sha256').update(newer).digest('hex')).not.toBe(createHash('sha256').update(token).digest('hex'));
  agent.holding = { ...agent.holding, token: newer };
  expect(await revocations(world, 'node_key')).toBe(listed);
  await connected.flush();
};
