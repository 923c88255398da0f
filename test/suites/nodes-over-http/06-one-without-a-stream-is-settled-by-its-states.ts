import { nodesOf } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** Where something in between lets no stream through. Six minutes without one are not waited for. */
export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  const deaf = await nodes.add('deaf', { cutMs: 20_000, heartbeatMs: 3_000, stateMs: 5_000, hasNoStream: true });
  const age = (column: string): Promise<unknown> =>
    world.query(`UPDATE outbox.node_stream SET ${column} = ${column} - interval '7 min' WHERE node_id = $1`, [deaf.id]);
  await age('waits_since');
  await nodes.haveApplied();
  await nodes.close('k4', 'k5');
  await nodes.rotate('k6');
  await nodes.haveApplied();
  expect(deaf).toMatchObject({ streams: 0, lastId: '' });
  // Its stream comes through after all: all that waits for it comes, too.
  const event = await nodes.publish();
  const heard = await nodes.restart(deaf, { cutMs: 10_000, heartbeatMs: 7_000, stateMs: 20_000 });
  await nodes.haveAll(event);
  await nodes.haveApplied();
  expect(heard.streams).toBeGreaterThan(0);
  expect(nodes.refusals).toEqual([]);
};
