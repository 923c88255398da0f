import type { OpenAPIObject } from '@nestjs/swagger';
import { HELLO_HEADER_NAMES, ROUTES } from '@plexsphere/wire';

const text = { schema: { type: 'string' } } as const;
const header = (name: string, description: string) => ({ name, in: 'header' as const, description, ...text });
const refusal = (description: string) => ({ description, content: { 'application/problem+json': {} } });

/** Of what is answered before Nest, which does not know it. */
export const RAW_OPERATIONS: OpenAPIObject['paths'] = {
  [ROUTES.events.path]: {
    get: {
      parameters: [
        { name: 'node_id', in: 'path', required: true, ...text },
        { name: 'Last-Event-ID', in: 'header', required: false, ...text },
        ...HELLO_HEADER_NAMES.map((name) => header(name, 'Of a Node with the SDK: its hello.')),
        header('Prefer', 'Of a Node with the SDK: `wait=10` ends the answer after 10 s, or half a second after news.'),
      ],
      responses: {
        200: {
          description: 'Envelopes, for at most 60 s; with the SDK chains too, for ten minutes.',
          content: { 'text/event-stream': {} },
        },
        400: refusal('`Last-Event-ID` is no number, or a hello none.'),
        401: refusal('No such Node, or the bearer is not its own.'),
        403: refusal('The Node was removed.'),
        429: refusal('More streams in ten seconds than a Node needs; `Retry-After` says when to come again.'),
        503: refusal('It will pass: come again.'),
      },
    },
  },
  [ROUTES.jwks.path]: {
    get: {
      parameters: [
        { name: 'scope', in: 'path', required: true, ...text },
        { name: 'If-None-Match', in: 'header', required: false, ...text },
      ],
      responses: {
        200: { description: 'RFC 7517.', content: { 'application/jwk-set+json': {} } },
        304: { description: 'What the caller has.' },
        404: refusal('There is no such ring.'),
      },
    },
  },
};
