import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import { StandingError, problem, problemDetails, type Problem } from '@plexsphere/wire';

const PROBLEM_JSON = 'application/problem+json';

/** What a caller waits, in whole seconds, who is told that it is too much, where nothing says for how long. */
export const RETRY_AFTER_S = 5;

/** In whole seconds, what a caller waits before it comes again: with every 429, and where a refusal says so. */
function retryAfter({ body }: Problem, status: number): Record<string, string> {
  const seconds = [body['retry_after'], body['seconds_left']].find((each) => typeof each === 'number');
  // Left, but nobody knows yet for how long.
  const isUnknown = status === 429 || body['seconds_left'] === null;
  const told = seconds ?? (isUnknown ? RETRY_AFTER_S : undefined);
  return told === undefined ? {} : { 'retry-after': String(told) };
}

/** As it stands on the wire. */
export interface Refusal {
  status: number;
  headers: Record<string, string>;
  text: string;
}

export function refusalOf(refused: Problem, status?: number): Refusal {
  const { status: code, ...members } = problemDetails(refused, status);
  const text = JSON.stringify({ ...members, status: code });
  const headers = {
    'content-type': PROBLEM_JSON,
    'content-length': String(Buffer.byteLength(text)),
    'cache-control': 'no-store',
    ...retryAfter(refused, code),
    ...(code === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  };
  return { status: code, headers, text };
}

/** Outside Nest. Where the answer has begun there is nothing left to say: the connection ends. */
export function refuse(response: ServerResponse, refusal: Refusal, more: Record<string, string> = {}): void {
  if (response.headersSent) return void response.destroy();
  const { status, headers, text } = refusal;
  response.writeHead(status, { ...headers, ...more }).end(text);
}

/** Before there is a request: what came is none. The connection ends with it. */
export function refuseUnread(socket: Duplex, refused: Problem): void {
  if (!socket.writable) return void socket.destroy();
  const { status, headers, text } = refusalOf(refused);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}connection: close\r\n\r\n`;
  socket.end(`${head}${text}`, () => socket.destroy());
}

/**
 * What a Node says of its standing, in a body or in headers: read as the bus reads it, and refused as HTTP refuses it.
 * @throws Problem invariantViolation, of the member that is none
 */
export function orRefused<Source, Said>(read: (from: Source) => Said, from: Source): Said {
  try {
    return read(from);
  } catch (error) {
    throw error instanceof StandingError ? problem('invariantViolation', { field: error.field }) : error;
  }
}
