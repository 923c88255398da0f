import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { requestBody } from '@plexsphere/service-kit';
import { problem } from '@plexsphere/wire';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** As it comes, and unpacked. Nothing is looked at before it is known to be no longer. */
const BODY_BYTES = 64 * 1_024;
const UNPACKED_BYTES = 1_024 * 1_024;
/** Members and items. A thousand bytes unpack to half a million of them, which anybody may send. */
const MOST_VALUES = 10_000;

const unpack = promisify(gunzip);

/** Bodies are JSON, and packed where their senders find them long. Whatever else comes is refused. */
export function takeBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_BYTES },
    async (request: FastifyRequest, body: Buffer) => requestBody(await unpacked(request, body), MOST_VALUES),
  );
}

async function unpacked({ headers }: FastifyRequest, body: Buffer): Promise<Buffer> {
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip') throw problem('unsupportedBody');
  try {
    return await unpack(body, { maxOutputLength: UNPACKED_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw problem('requestTooLarge', { limit_bytes: UNPACKED_BYTES });
    }
    throw problem('invariantViolation', { field: 'body' });
  }
}
