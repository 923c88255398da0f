/** What gateways say, at the edge: a few members looked at by name, whatever else a body holds. */
import type { StreamWord as Word } from '@plexsphere/keyring';
import { MOST_CALLED, isCount, isHelloId, isUuid, type NodesCalled, type StreamWord } from '@plexsphere/wire';

/** What a Node's stream says of it. */
export interface NodeStreamWord extends Word {
  nodeId: string;
}

export interface Called {
  nodes: string[];
  streams: string[];
}

/** Of one width, so that it compares as it stands. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;

/** Undefined for what is none. */
export function readWord(nodeId: string, body: unknown): NodeStreamWord | undefined {
  const said = (isObject(body) ? body : {}) as { [member in keyof StreamWord]?: unknown };
  const { hello_id: helloId, epoch, is_proven: isProven, position, waits, read_at: readAt } = said;
  if (!isUuid(nodeId) || !isCount(epoch, 1) || !isInstant(readAt)) return undefined;
  if (typeof isProven !== 'boolean' || typeof waits !== 'boolean') return undefined;
  if (!(helloId === null || isHelloId(helloId)) || !(position === null || isCount(position, 0))) return undefined;
  return { nodeId, helloId, epoch, isProven, position, waits, readAt };
}

export function readCalled(body: unknown): Called | undefined {
  const said = (isObject(body) ? body : {}) as { [member in keyof NodesCalled]?: unknown };
  const { nodes, streams = [] } = said;
  return isIds(nodes) && isIds(streams) ? { nodes, streams } : undefined;
}

const isIds = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= MOST_CALLED && value.every(isUuid);

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isInstant = (value: unknown): value is string =>
  typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value));
