import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ROUTES, ROUTE_NAMES, headers as names, type Route } from '@plexsphere/wire';
import { RAW_OPERATIONS } from './raw-operations';

const HEAD = new DocumentBuilder()
  .setTitle('Plexsphere signing: the gateway')
  .setDescription(
    'HTTP for Nodes that are not on the bus, and for whoever verifies. Refusals are RFC 9457, with a stable `code`.',
  )
  .setVersion('1')
  .addBearerAuth({ type: 'http', scheme: 'bearer', description: "A Node's own token." }, 'node')
  .addBearerAuth({ type: 'http', scheme: 'bearer', description: "The bearer of an operator's token file." }, 'operator')
  .addSecurity('key', {
    type: 'apiKey',
    in: 'header',
    name: names.proof,
    description: "A proof by the Node's own key (compact JWS); of what is posted it stands in the body, as `proof`.",
  })
  .addSecurity('client', {
    type: 'http',
    scheme: 'basic',
    description: "A client's name and secret, in form encoding.",
  })
  .build();

/** The description of the API at /openapi.json, and the page at /docs that shows it. */
export function describeApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => apiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}

/** A client has three ways to say who it is: two stand in the form. */
const SECURITY: Partial<Record<Route['caller'], object[]>> = {
  node: [{ node: [] }],
  key: [{ key: [] }],
  operator: [{ operator: [] }],
  client: [{ client: [] }, {}],
};

type Parameters = NonNullable<NonNullable<OpenAPIObject['paths'][string]['get']>['parameters']>;

const REFUSAL = {
  description: 'A refusal: RFC 9457. `code` is the stable word to compare; `field` names what is wrong.',
  content: { 'application/problem+json': {} },
};

/** The names in the path: a guard reads some of which Nest does not know; and it names all that any path of a controller has. */
function withPathNames(path: string, parameters: Parameters = []): Parameters {
  const others = parameters.filter((parameter) => !('in' in parameter && parameter.in === 'path'));
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const schema = { type: 'string' };
  return [...names.map((name) => ({ name, in: 'path' as const, required: true, schema })), ...others];
}

/** From what Nest serves, and what is served before it; what each call is for, and who may call, says the table. */
function apiDocument(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, HEAD);
  for (const [path, operations] of Object.entries(RAW_OPERATIONS)) document.paths[path] = structuredClone(operations);
  for (const name of ROUTE_NAMES) {
    const { method, path, summary, caller }: Route = ROUTES[name];
    const operation = document.paths[path]?.[method.toLowerCase() as 'get'];
    if (operation === undefined) continue;
    const security = SECURITY[caller];
    Object.assign(operation, { operationId: name, summary, ...(security !== undefined && { security }) });
    operation.parameters = withPathNames(path, operation.parameters);
    operation.responses = { ...operation.responses, default: REFUSAL };
  }
  return document;
}
