/** How far a Node has come, as it says it over HTTP: read strictly at the edge, and carried by a request's headers. */
import type { Ack, Hello } from './messages';
import { isCount, isHelloId } from './names';

/** A member of what a Node says that is none. */
export class StandingError extends Error {
  constructor(readonly field: string) {
    super(field);
  }
}

/** @throws StandingError */
export function readAck(body: unknown): Ack {
  const { epoch, platform_epoch, position, heads } = membersOf(body);
  const { ring, platform } = membersOf(heads);
  if (!isCount(epoch, 1)) throw new StandingError('epoch');
  if (!isCount(platform_epoch, 1)) throw new StandingError('platform_epoch');
  if (!isCount(position)) throw new StandingError('position');
  if (!isHash(ring) || !isHash(platform)) throw new StandingError('heads');
  return { epoch, platform_epoch, position, heads: { ring, platform } };
}

/** @throws StandingError */
export function readHello(body: unknown): Hello {
  const { hello_id } = membersOf(body);
  if (!isHelloId(hello_id)) throw new StandingError('hello_id');
  return { hello_id, ...readAck(body) };
}

/** A hello that opens a stream, as the request's headers say it. */
const HELLO_HEADERS = {
  helloId: 'plexsphere-hello-id',
  epoch: 'plexsphere-epoch',
  platformEpoch: 'plexsphere-platform-epoch',
  position: 'plexsphere-position',
  ringHead: 'plexsphere-ring-head',
  platformHead: 'plexsphere-platform-head',
} as const;
export const HELLO_HEADER_NAMES = Object.values(HELLO_HEADERS);

export const helloHeaders = ({ hello_id, epoch, platform_epoch, position, heads }: Hello): Record<string, string> => ({
  [HELLO_HEADERS.helloId]: hello_id,
  [HELLO_HEADERS.epoch]: `${epoch}`,
  [HELLO_HEADERS.platformEpoch]: `${platform_epoch}`,
  [HELLO_HEADERS.position]: `${position}`,
  [HELLO_HEADERS.ringHead]: heads.ring,
  [HELLO_HEADERS.platformHead]: heads.platform,
});

/** @throws StandingError */
export function helloOfHeaders(headers: Readonly<Record<string, unknown>>): Hello {
  return readHello({
    hello_id: headers[HELLO_HEADERS.helloId],
    epoch: countOf(headers[HELLO_HEADERS.epoch]),
    platform_epoch: countOf(headers[HELLO_HEADERS.platformEpoch]),
    position: countOf(headers[HELLO_HEADERS.position]),
    heads: { ring: headers[HELLO_HEADERS.ringHead], platform: headers[HELLO_HEADERS.platformHead] },
  });
}

const countOf = (text: unknown): number | undefined =>
  typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : undefined;

/** base64url of 32 bytes. */
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value);

const membersOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
