/**
 * What Nodes say, at the edge: a few members looked at by name, whatever else a body holds. Members that we do not know
 * are ignored: a newer Node may say more.
 */
import type { Listens } from '@plexsphere/store';
import { isCount, isHelloId, isUuid, type Ack, type Heads, type Hello } from '@plexsphere/wire';
import type { NodeWord } from './node-word';
import type { NodeHello } from './record-hellos';

/** A statement's hash, as a Node names it: base64url of 32 bytes. */
const HASH = /^[A-Za-z0-9_-]{43}$/;

/** Undefined for what is none. */
export function readAck(nodeId: string, body: unknown, listens: Listens = 'bus'): NodeWord | undefined {
  if (!isUuid(nodeId) || !isObject(body)) return undefined;
  const { epoch, platform_epoch: platformEpoch, position, heads } = body as { [member in keyof Ack]?: unknown };
  if (!isCount(epoch, 1) || !isCount(platformEpoch, 1) || !isCount(position, 0)) return undefined;
  const said = readHeads(heads);
  return said && { nodeId, listens, epoch, platformEpoch, position, heads: said };
}

export function readHello(nodeId: string, body: unknown, listens: Listens = 'bus'): NodeHello | undefined {
  const ack = readAck(nodeId, body, listens);
  const { hello_id: helloId } = (body ?? {}) as { [member in keyof Hello]?: unknown };
  // It comes back in what the relay has signed, and in a message id.
  return ack === undefined || !isHelloId(helloId) ? undefined : { ...ack, helloId };
}

function readHeads(heads: unknown): Heads | undefined {
  if (!isObject(heads)) return undefined;
  const { ring, platform } = heads as { [member in keyof Heads]?: unknown };
  return isHash(ring) && isHash(platform) ? { ring, platform } : undefined;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isHash = (value: unknown): value is string => typeof value === 'string' && HASH.test(value);
