import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { expectCalm, nodesOf } from './hands';

const STAYING = 6;

export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  const staying = nodes.nodes.slice(0, STAYING);
  const off = nodes.nodes.splice(STAYING);
  await Promise.all(off.map(({ id }) => nodes.operator.change('node.remove', { node_id: id })));
  for (const node of staying) await nodes.restart(node);
  const sinceMs = performance.now();

  const [original, removed, leaving] = [...nodes.nodes];
  // The image of a machine was started twice: both hear everything, and neither is stopped.
  nodes.replace(original!);
  await nodes.haveAll(await nodes.publish(), [...nodes.nodes, original!]);

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
  await nodes.haveApplied();
  await nodes.close();
  await nodes.haveAll(await nodes.publish(), [...nodes.nodes, original!]);
  expectCalm(world, sinceMs);
};
