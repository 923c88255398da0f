import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** Something in between lets none through: the states that it takes settle it. Six minutes without one are not waited for. */
export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  const node = await nodes.add('deaf', { hasNoStream: true });
  await world.query(`UPDATE outbox.node_stream SET waits_since = waits_since - interval '7 min' WHERE node_id = $1`, [
    node.id,
  ]);
  await nodes.haveApplied();
  await nodes.rotate();
  await nodes.publish();
  await nodes.haveApplied();
  await nodes.close();
  await nodes.rotate();
  await nodes.haveApplied();
  expect(node).toMatchObject({ streams: 0, lastId: '' });
  // One comes through after all, and all that waited for it.
  await nodes.restart(node, { ...node.beats, hasNoStream: false });
  await nodes.haveAll(await nodes.publish());
  await nodes.haveApplied();
  await nodes.expectKept();
};
