import { createServer as createHttp, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { problem } from '@plexsphere/wire';
import { refuseUnread } from './refuse';
import type { TlsFiles } from './tls-files';

/** Of one request. Whoever sends them byte by byte has so long for them, and for what follows them. */
const HEADER_BYTES = 16 * 1_024;
const HEADERS_MS = 10_000;
const REQUEST_MS = 20_000;
/** How often connections are looked at for it. */
const LOOK_MS = 1_000;
/** Longer than a Node's own beat of 30 s, so that no server closes a connection just as its next request comes. */
const KEEP_ALIVE_MS = 75_000;
/** Nothing came and nothing could be sent: whoever reads no answer holds a connection no longer. Streams say more often. */
const SILENT_MS = 90_000;

/**
 * Connections that wait to be taken: where a gateway ends, thousands of Nodes come to the others in one instant, and whoever
 * finds the queue full tries again after one, three, seven seconds. The system may allow fewer (net.core.somaxconn).
 */
const BACKLOG = 4_096;

const OPTIONS = {
  maxHeaderSize: HEADER_BYTES,
  headersTimeout: HEADERS_MS,
  requestTimeout: REQUEST_MS,
  connectionsCheckingInterval: LOOK_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
};

export function createServer(tls: TlsFiles | undefined): Server {
  const server =
    tls === undefined
      ? createHttp(OPTIONS)
      : createHttps({ ...OPTIONS, handshakeTimeout: HEADERS_MS, ...tls.present() });
  server.setTimeout(SILENT_MS);
  server.on('clientError', refuseMalformed);
  return server;
}

/**
 * Whether its request was sent ahead: before the answer to the one before it on the same connection had gone (RFC 9112,
 * section 9.3.2). Nothing bounds how many of those are under way, and their answers wait in memory; one that waits behind a
 * stream does not even hear that its connection has closed.
 */
export const isAhead = (response: ServerResponse): boolean => response.socket === null;

export async function listen(server: Server, hostAndPort: string): Promise<string> {
  const separator = hostAndPort.lastIndexOf(':');
  const host = hostAndPort.slice(0, separator);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const port = Number(hostAndPort.slice(separator + 1));
    server.listen({ port, host: host.replace(/^\[|\]$/g, ''), backlog: BACKLOG }, resolve);
  });
  return `${host}:${(server.address() as AddressInfo).port}`;
}

/** What is no request gets one answer, and its connection ends: who knows where the next one would begin. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  // An answer is under way on it: bytes of another one would stand in the middle of that.
  const isAnswering =
    (socket as Socket & { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent === true;
  if (error.code === 'ECONNRESET' || isAnswering) return void socket.destroy();
  refuseUnread(socket, refusalOfMalformed(error.code));
}

function refusalOfMalformed(code: string | undefined) {
  if (code === 'HPE_HEADER_OVERFLOW') return problem('headersTooLarge', { limit_bytes: HEADER_BYTES });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem('requestTooSlow');
  return problem('invariantViolation', { field: 'request' });
}
