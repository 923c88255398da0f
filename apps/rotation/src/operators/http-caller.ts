/** Who asks over HTTP: a gateway passes on what it was shown, and vouches for nothing. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { BusContext } from '@plexsphere/service-kit';
import type { OperatorEntity } from '@plexsphere/store';
import { bearerHash, headers, isBearer, isIdempotencyKey, problem } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { findOperatorByBearer } from '../tokens/find-token';

export interface HttpCaller {
  operator: OperatorEntity;
  /** Of a request that is named; nobody can repeat another. */
  requestId: string | undefined;
}

/** @throws Problem notAuthenticated, alike for a bearer that is missing, unknown, expired or revoked */
export async function findHttpCaller(manager: EntityManager, context: BusContext): Promise<HttpCaller> {
  const bearer = context.header(headers.bearer);
  const operator = isBearer(bearer) ? await findOperatorByBearer(manager, bearerHash(bearer)) : null;
  context.foundToAsk = operator?.id ?? strangerAt(context.header(headers.peer));
  if (operator === null) throw problem('notAuthenticated');
  const name = context.header(headers.idempotencyKey);
  return { operator, requestId: isIdempotencyKey(name) ? namedRequest(operator.id, name) : undefined };
}

/** As refusals are told apart. Of IPv6 by the network: whoever has one address there has as many as they like. */
export function strangerAt(peer = ''): string {
  const [, ipv4] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(peer) ?? [];
  const address = ipv4 ?? peer;
  const version = isIP(address);
  if (version === 0) return 'http:unknown';
  return `http:${version === 4 ? address : networkOf(address)}`;
}

/** The first 64 bits. A zone (`%eth0`) is this machine's own. */
function networkOf(ipv6: string): string {
  const { hostname } = new URL(`http://[${ipv6.split('%', 1)[0]}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const [before, after] = [head, tail ?? ''].map((groups) => groups.split(':').filter((group) => group !== ''));
  const zeros = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const groups = [...(before ?? []), ...Array<string>(zeros).fill('0'), ...(after ?? [])];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** RFC 9562, section 5.5: a UUID of the name, in the operator's own space, so that nobody names the request of another. */
export function namedRequest(operatorId: string, name: string): string {
  const space = Buffer.from(operatorId.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(space).update(name, 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
