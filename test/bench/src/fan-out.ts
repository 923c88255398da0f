/** A rotation, from its commit until every Node's announcement stands on the bus and is marked. */
import { epochOf, StreamCount, untold, when } from './delivered';
import type { Mesh } from './mesh';

export interface FannedOut {
  /** From the moment when the commit can be seen. */
  ms: number;
  /** From the first announcement that the stream stored. */
  msFromFirst: number;
}

const LOOK_EVERY_MS = 20;

/** Answers when the last announcement is marked; the command's own answer, which waits for the leases, comes when it comes. */
export async function fanOut(mesh: Mesh, nodes: number, stream: StreamCount): Promise<FannedOut> {
  const [before, stored] = [await epochOf(mesh), await stream.stored()];
  const rotating = mesh.rotate();
  rotating.catch(() => undefined);
  const committedAt = await when(async () => (await epochOf(mesh)) > before, 5);
  const firstAt = await when(async () => (await stream.stored()) > stored, 2);
  await when(async () => (await stream.stored()) >= stored + nodes, LOOK_EVERY_MS);
  const toldAt = await when(async () => (await untold(mesh, before + 1)) === 0, LOOK_EVERY_MS);
  await rotating;
  return { ms: toldAt - committedAt, msFromFirst: toldAt - firstAt };
}

/** Of a Domain whose Nodes were all told: closes the rotation, and waits until that is told as well. */
export async function closeAndTell(mesh: Mesh): Promise<void> {
  await mesh.close();
  const epoch = await epochOf(mesh);
  await when(async () => (await untold(mesh, epoch)) === 0, LOOK_EVERY_MS);
}
