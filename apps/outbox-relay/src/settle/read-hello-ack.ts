/**
 * What Nodes say, at the edge: a few members looked at by name, whatever else a body holds. Members that we do not know
 * are ignored: a newer Node may say more.
 */
import { isCount, isHelloId, isUuid, type Ack, type Hello } from '@plexsphere/wire';
import type { NodeAck } from './combine-acks';
import type { NodeHello } from './record-hellos';

/** Undefined for what is none. */
export function readAck(nodeId: string, body: unknown): NodeAck | undefined {
  if (!isUuid(nodeId) || typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { epoch, platform_epoch: platformEpoch, position } = body as { [member in keyof Ack]?: unknown };
  if (!isCount(epoch, 1) || !isCount(platformEpoch, 1) || !isCount(position, 0)) return undefined;
  return { nodeId, epoch, platformEpoch, position };
}

export function readHello(nodeId: string, body: unknown): NodeHello | undefined {
  const ack = readAck(nodeId, body);
  const { hello_id: helloId } = (body ?? {}) as { [member in keyof Hello]?: unknown };
  // It comes back in what the relay has signed, and in a message id.
  return ack === undefined || !isHelloId(helloId) ? undefined : { ...ack, helloId };
}
