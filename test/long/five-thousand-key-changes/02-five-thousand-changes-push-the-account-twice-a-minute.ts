import { MAX_REVOCATIONS } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { type Answer, granted, type PlayedAgent } from './agents';
import { pushesOf, revocations, signingsOf } from './pushes';

const CHANGES = 5_000;
/** So many keys may give way before the list counts as nearly full. */
const ROOM = Math.ceil(0.9 * MAX_REVOCATIONS);
const BATCH_MS = 30_000;

/** Every one of them ends a key at once, by its confirmation; the bus is told together. */
export const step: Step = async (world) => {
  const agents = world.kept.get('agents') as PlayedAgent[];
  const beganAt = Date.now();
  const refused: Answer[] = [];
  let changed = 0;
  const changeOften = async (agent: PlayedAgent): Promise<void> => {
    for (let n = 0; n < CHANGES / agents.length; n++) {
      const answer = await agent.change();
      if (answer.code !== '') refused.push(answer);
      else {
        changed++;
        granted(await agent.confirm());
      }
    }
  };
  await Promise.all(agents.map((agent) => changeOften(agent)));
  const tookMs = Date.now() - beganAt;

  // Of many at once a few may come in beside the last one that has room.
  expect(changed).toBeGreaterThanOrEqual(ROOM);
  expect(changed).toBeLessThan(ROOM + agents.length);
  expect(changed + refused.length).toBe(CHANGES);
  const full = { code: 'RESOURCE_EXHAUSTED', body: { detail: 'signing: revocation list full' } };
  for (const answer of refused) expect(answer).toMatchObject(full);
  expect(await revocations(world, 'node_key')).toBe(changed);

  const [signings, pushes] = [signingsOf(world, beganAt), pushesOf(world, beganAt)];
  const most = Math.ceil(tookMs / BATCH_MS) + 1;
  expect(signings.length).toBeGreaterThan(0);
  expect(signings.length).toBeLessThanOrEqual(most);
  for (const [index, at] of signings.entries()) {
    if (index > 0) expect(at - (signings[index - 1] ?? 0)).toBeGreaterThan(BATCH_MS / 2);
  }
  expect(pushes.length).toBeLessThanOrEqual(most * world.stack.services('rotation').length);
  console.info(
    `${changed} changes in ${Math.round(tookMs / 1_000)} s, ${signings.length} JWTs of the account, ${pushes.length} pushes`,
  );
};
