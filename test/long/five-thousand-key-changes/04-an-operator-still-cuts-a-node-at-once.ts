import { credsText } from '@plexsphere/wire';
import { dial } from '../../suites/permissions/hands';
import type { Step } from '../../src/tell-story';
import type { PlayedAgent } from './agents';

/** A second until the account may be signed again, and what a signer, a push and the server take with the list at its longest. */
const AT_ONCE_MS = 5_000;

export const step: Step = async (world) => {
  const [agent, other] = world.kept.get('agents') as [PlayedAgent, PlayedAgent];
  const user = { kind: 'node', id: agent.id } as const;
  const { seed, token } = agent.holding;
  const connected = await dial(world, credsText(token, seed), user);
  const beside = await dial(world, credsText(other.holding.token, other.holding.seed), { kind: 'node', id: other.id });

  const askedAt = performance.now();
  const operator = await world.operator();
  const revoked = await operator.change('edge.revoke', { node_id: agent.id, reason: 'its disk was stolen' });
  expect(revoked).toMatchObject({ node_id: agent.id, pushed: true });
  await connected.closed();
  const tookMs = performance.now() - askedAt;
  expect(tookMs).toBeLessThan(AT_ONCE_MS);
  console.info(`cut after ${Math.round(tookMs)} ms`);

  await expect(dial(world, credsText(token, seed), user)).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });
  expect(await agent.change()).toMatchObject({ code: 'PERMISSION_DENIED', body: { detail: 'signing: node revoked' } });
  await beside.flush();
};
