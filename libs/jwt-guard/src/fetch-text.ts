/**
 * One fetch of a text over HTTP: bounded in time from its first byte to its last, and in size before anything reads it.
 * By Node.js' own client: it follows no redirect, unpacks nothing, and takes certificates of one's own.
 */
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { FetchFailed, failureOf } from './fetch-failed';

export interface TextRequest {
  url: URL;
  ca: string | undefined;
  /** Of the text that stands already. */
  etag: string | undefined;
  withinMs: number;
  maxBytes: number;
  signal: AbortSignal;
}

export interface FetchedText {
  /** Undefined where it is the one that stands already. */
  text: string | undefined;
  etag: string | undefined;
  /** For how long a cache in between has had it. */
  ageMs: number;
}

/** Longer than any that there is a reason for: it is sent back with each request. */
const MAX_ETAG_LENGTH = 256;

/** @throws FetchFailed */
export async function fetchText(asked: TextRequest): Promise<FetchedText> {
  const { url, ca, etag, withinMs, signal } = asked;
  const options: RequestOptions = {
    // A connection of its own: between two polls a server would close it, and the second would fail by that.
    agent: false,
    signal,
    headers: {
      accept: 'application/jwk-set+json, application/json',
      'accept-encoding': 'identity',
      'cache-control': 'no-cache',
      ...(etag !== undefined && { 'if-none-match': etag }),
    },
  };
  let request: ClientRequest | undefined;
  let late: NodeJS.Timeout | undefined;
  try {
    // What settles it first is what it was, whatever follows of it.
    return await new Promise<FetchedText>((resolve, reject) => {
      request = url.protocol === 'https:' ? httpsRequest(url, { ...options, ca }) : httpRequest(url, options);
      late = setTimeout(() => reject(new FetchFailed('timeout')), withinMs);
      request.on('error', reject);
      request.on('response', (response) => void read(response, asked).then(resolve, reject));
      request.end();
    });
  } catch (error) {
    throw failureOf(error);
  } finally {
    clearTimeout(late);
    request?.destroy();
  }
}

async function read(response: IncomingMessage, { etag, maxBytes }: TextRequest): Promise<FetchedText> {
  const { statusCode: status = 0, headers } = response;
  const ageMs = /^\d+$/.test(headers.age ?? '') ? Number(headers.age) * 1_000 : 0;
  if (status === 304 && etag !== undefined) return { text: undefined, etag, ageMs };
  if (status >= 300 && status < 400) throw new FetchFailed('redirected', `${status}`);
  if (status !== 200) throw new FetchFailed('status', `${status}`);
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new FetchFailed('malformed', 'encoded');
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw new FetchFailed('too_large');
  const text = decoded(await bytesOf(response, maxBytes));
  const ofText = headers.etag ?? '';
  return { text, etag: ofText === '' || ofText.length > MAX_ETAG_LENGTH ? undefined : ofText, ageMs };
}

async function bytesOf(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new FetchFailed('too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FetchFailed('malformed', 'not UTF-8');
  }
}
