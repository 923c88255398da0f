import type { OpenAPIObject } from '@nestjs/swagger';
import { HELLO_HEADER_NAMES, ROUTES } from '@plexsphere/wire';
import { PARAMETERS, type Parameter } from '../oauth2/form';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const text = { schema: { type: 'string' } } as const;
const header = (name: string, description: string) => ({ name, in: 'header' as const, description, ...text });
const refusal = (description: string) => ({ description, content: { 'application/problem+json': {} } });

const keySet = (unknown: string): Operation => ({
  parameters: [{ name: 'If-None-Match', in: 'header', required: false, ...text }],
  responses: {
    200: { description: 'RFC 7517.', content: { 'application/jwk-set+json': {} } },
    304: { description: 'What the caller has.' },
    404: refusal(unknown),
  },
});

const oauthRefusal = (description: string) => ({ description, content: { 'application/json': {} } });
const clientRefusals = {
  400: oauthRefusal('RFC 6749, section 5.2: `error` is the word to compare.'),
  401: oauthRefusal('`invalid_client`: there is no such client, or it is not who it says it is.'),
  404: refusal('There is no such issuer.'),
  413: oauthRefusal('More than 16 KiB.'),
  415: oauthRefusal('No form.'),
  429: oauthRefusal('Too much at a time; `Retry-After` says when to come again.'),
  503: oauthRefusal('It will pass: `Retry-After` says when to come again.'),
};
const form = (properties: readonly Parameter[], required: Parameter[]): NonNullable<Operation['requestBody']> => ({
  required: true,
  content: {
    'application/x-www-form-urlencoded': {
      schema: {
        type: 'object',
        properties: Object.fromEntries(properties.map((name) => [name, { type: 'string' }])),
        required,
      },
    },
  },
});

const token: Operation = {
  requestBody: form(
    PARAMETERS.filter((name) => !['token', 'token_type_hint'].includes(name)),
    ['grant_type'],
  ),
  responses: {
    200: {
      description: 'An access token (RFC 9068): `access_token`, `token_type`, `expires_in`, `scope`.',
      content: { 'application/json': {} },
    },
    ...clientRefusals,
  },
};

const introspection: Operation = {
  requestBody: form(
    PARAMETERS.filter((name) => name.startsWith('client_') || name.startsWith('token')),
    ['token'],
  ),
  responses: {
    200: {
      description: 'RFC 7662: `active`, and the claims of a token that is good now.',
      content: { 'application/json': {} },
    },
    ...clientRefusals,
  },
};

const metadata: Operation = {
  responses: {
    200: { description: 'RFC 8414.', content: { 'application/json': {} } },
    404: refusal('There is no such issuer.'),
  },
};

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
  [ROUTES.jwks.path]: { get: keySet('There is no such ring.') },
  [ROUTES.rootJwks.path]: { get: keySet('There is no issuer.') },
  [ROUTES.issuerJwks.path]: { get: keySet('There is no such issuer.') },
  [ROUTES.rootMetadata.path]: { get: metadata },
  [ROUTES.issuerMetadata.path]: { get: metadata },
  [ROUTES.insertedMetadata.path]: { get: metadata },
  [ROUTES.rootOpenidConfiguration.path]: { get: metadata },
  [ROUTES.issuerOpenidConfiguration.path]: { get: metadata },
  [ROUTES.rootToken.path]: { post: token },
  [ROUTES.issuerToken.path]: { post: token },
  [ROUTES.rootIntrospect.path]: { post: introspection },
  [ROUTES.issuerIntrospect.path]: { post: introspection },
};
