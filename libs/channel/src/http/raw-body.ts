/** The body of a request as it came, whoever has read it. */
import { ChannelError } from '../channel-error';
import { MessageRefused } from '../message-refused';

/** What of a request is looked at: node:http's, and whatever is made like it. */
export interface IncomingRequest {
  method?: string | undefined;
  url?: string | undefined;
  /** What `url` was before a router took the part that it is mounted at. */
  originalUrl?: string | undefined;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Kept by a parser that was told to: Nest's `rawBody: true`, the `verify` of Express' parsers. */
  rawBody?: unknown;
  /** Of a request of Fastify's. */
  raw?: IncomingRequest | undefined;
  readableDidRead?: boolean | undefined;
  iterator?(options: { destroyOnReturn: boolean }): AsyncIterableIterator<Uint8Array>;
}

/** @throws MessageRefused `too_large`, ChannelError `body_already_read` */
export async function rawBodyOf(request: IncomingRequest, maxBytes: number): Promise<Uint8Array> {
  const kept = request.rawBody ?? request.raw?.rawBody;
  if (kept instanceof Uint8Array) return kept;
  const stream = request.raw ?? request;
  const { 'content-length': length, 'transfer-encoding': encoding } = stream.headers;
  if (encoding === undefined && Number(length ?? 0) === 0) return Buffer.alloc(0);
  if (stream.readableDidRead === true || stream.iterator === undefined)
    throw new ChannelError('body_already_read', 'the body was read before, and nothing kept it as it came');
  if (Number(length ?? 0) > maxBytes) throw new MessageRefused('too_large');
  // Not ended with what is read of it: that would end the connection before the refusal is sent.
  return readBody(stream.iterator({ destroyOnReturn: false }), maxBytes);
}

/** @throws MessageRefused `too_large` */
async function readBody(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const read: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maxBytes) throw new MessageRefused('too_large');
    read.push(chunk);
  }
  return Buffer.concat(read, length);
}
