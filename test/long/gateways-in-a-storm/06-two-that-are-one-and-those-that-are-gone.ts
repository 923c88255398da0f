import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { nodesOf } from './hands';

const STAYING = 6;

export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  const staying = nodes.nodes.slice(0, STAYING);
  const off = nodes.nodes.splice(STAYING);
  await Promise.all(off.map(({ id }) => nodes.operator.change('node.remove', { node_id: id })));
  for (const node of staying) await nodes.restart(node);

  const [original, removed, leaving] = [...nodes.nodes];
  // The image of a machine was started twice: they are one Node, which has what either of them has, and neither is stopped.
  const clone = nodes.replace(original!);
  nodes.nodes.splice(nodes.nodes.indexOf(clone), 1);
  world.afterwards(() => clone.stop());
  const haveTaken = async (event: string): Promise<void> => {
    await nodes.haveAll(event);
    const hasOne = () => [original!, clone].some((each) => each.has(event));
    await eventually(hasOne, { describe: 'one of the two having taken it', timeoutMs: 120_000 });
  };
  await haveTaken(await nodes.publish());

  await nodes.operator.change('node.remove', { node_id: removed!.id });
  const headers = { authorization: `Bearer ${leaving!.identity.node_secret_key}` };
  const left = await fetch(`${nodes.urls[0]}/v1/nodes/${leaving!.id}/deregister`, { method: 'POST', headers });
  expect(left.status).toBe(204);
  for (const gone of [removed!, leaving!]) {
    await eventually(() => gone.ended, { describe: 'it having been told so' });
    expect(gone.ended).toContain('403');
    nodes.nodes.splice(nodes.nodes.indexOf(gone), 1);
  }
  // Neither of them lags, or holds anything up.
  await nodes.rotate();
  await nodes.haveApplied([...nodes.nodes, clone]);
  await nodes.close();
  await haveTaken(await nodes.publish());
  // What is asked for too often is told to wait; nobody is stopped for it.
  for (const node of [...nodes.nodes, original!, clone]) expect(node.ended).toBeUndefined();
  nodes.nodes.push(original!, clone);
};
