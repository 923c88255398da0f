/**
 * What Nodes say, at the edge: a few members looked at by name, whatever else a body holds. Members that we do not know
 * are ignored: a newer Node may say more.
 */
import { isHelloId, isUuid, type Ack, type Hello } from '@plexsphere/wire';

/** Undefined for what is none. */
export function readAck(nodeId: string, body: unknown): Ack | undefined {
  if (!isUuid(nodeId) || typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { epoch, platform_epoch, position } = body as Record<string, unknown>;
  if (!isCount(epoch, 1) || !isCount(platform_epoch, 1) || !isCount(position, 0)) return undefined;
  return { epoch, platform_epoch, position };
}

export function readHello(nodeId: string, body: unknown): Hello | undefined {
  const ack = readAck(nodeId, body);
  const { hello_id } = (body ?? {}) as Record<string, unknown>;
  // It comes back in what the relay has signed, and in a message id.
  return ack === undefined || !isHelloId(hello_id) ? undefined : { ...ack, hello_id };
}

const isCount = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least;
