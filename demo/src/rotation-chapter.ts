import type { Mesh } from './mesh';
import type { Signed } from './operator';
import { countKeyMessages } from './outbox';

export interface RotationSeen {
  rotate_to_last_node_ms: number;
  rotate_to_last_node_over_http_ms: number;
  resume_wrote_events: number;
  jwks: { before: string[]; during: string[]; after: string[] };
}

/** The main job: a Domain's key is rotated while its Nodes listen, through a restart in the overlap. */
export async function tellRotation(mesh: Mesh): Promise<RotationSeen> {
  const { operator } = mesh;
  const before = await operator.kids();
  const oldKey = before[0]!;
  const newKey = mesh.nextKeyId();
  const signedBefore = await operator.sign();
  const opened = await open(mesh, oldKey, newKey, signedBefore);
  const resumeWrote = await restartInTheOverlap(mesh);
  const after = await close(mesh, oldKey, newKey, [signedBefore, opened.signed]);
  return {
    rotate_to_last_node_ms: opened.tookMs,
    rotate_to_last_node_over_http_ms: opened.overHttpMs,
    resume_wrote_events: resumeWrote,
    jwks: { before, during: opened.during, after },
  };
}

async function open(mesh: Mesh, oldKey: string, newKey: string, signedBefore: Signed) {
  const { operator } = mesh;
  mesh.setting.narrator.heading('Open the rotation');
  const rotateAt = Date.now();
  await operator.rotate(newKey);
  mesh.sayCommand('signing rotate', '--new-key-id', newKey);
  const during = await operator.kids();
  const signed = await operator.sign();
  mesh.say(`fresh signatures come from ${signed.key_id}`);
  mesh.say(`one by ${oldKey} verifies: ${String(await operator.verifies(signedBefore))}`);
  const tookMs = (await mesh.allTrust([newKey, oldKey])) - rotateAt;
  mesh.say(`all ${mesh.nodes} Nodes on the bus trust ${newKey}`);
  const overHttpMs = (await mesh.allTrustOverHttp([newKey, oldKey])) - rotateAt;
  mesh.say(`all ${mesh.nodesOverHttp} over HTTP trust ${newKey}`);
  return { during, signed, tookMs, overHttpMs };
}

/** Returns how many key events the restart wrote: a resumed rotation writes none. */
async function restartInTheOverlap(mesh: Mesh): Promise<number> {
  const { stack, narrator } = mesh.setting;
  narrator.heading('Restart in the overlap');
  const before = await countKeyMessages(stack.databaseUrl('owner'));
  await stack.services('signer')[0]?.restart();
  await Promise.all(stack.services('rotation').map((rotation) => rotation.restart()));
  const wrote = (await countKeyMessages(stack.databaseUrl('owner'))) - before;
  mesh.say(`a signer and the rotation services are back; events that resuming wrote: ${wrote}`);
  mesh.say(`fresh signatures come from ${(await mesh.operator.sign()).key_id}`);
  return wrote;
}

async function close(
  mesh: Mesh,
  oldKey: string,
  newKey: string,
  [signedBefore, signedDuring]: [Signed, Signed],
): Promise<string[]> {
  const { operator } = mesh;
  mesh.setting.narrator.heading('Close the rotation');
  await operator.closeWhenApplied(oldKey, newKey);
  mesh.sayCommand('signing close', '--old', oldKey, '--new', newKey);
  const after = await operator.kids();
  mesh.say(`a signature from the overlap verifies: ${String(await operator.verifies(signedDuring))}`);
  mesh.say(`one by the retired key verifies: ${String(await operator.verifies(signedBefore))}`);
  return after;
}
