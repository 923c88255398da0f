import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ROUTES, ROUTE_NAMES, type Route } from '@plexsphere/wire';
import { RAW_OPERATIONS } from './raw-operations';

const HEAD = new DocumentBuilder()
  .setTitle('Plexsphere signing: the gateway')
  .setDescription(
    'HTTP for Nodes that are not on the bus, and for whoever verifies. Refusals are RFC 9457, with a stable `code`.',
  )
  .setVersion('1')
  .addBearerAuth({ type: 'http', scheme: 'bearer', description: "A Node's own token." }, 'node')
  .build();

/** The description of the API at /openapi.json, and the page at /docs that shows it. */
export function describeApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => apiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}

type Parameters = NonNullable<NonNullable<OpenAPIObject['paths'][string]['get']>['parameters']>;

const REFUSAL = {
  description: 'A refusal: RFC 9457. `code` is the stable word to compare; `field` names what is wrong.',
  content: { 'application/problem+json': {} },
};

/** A guard reads the names in a path, too: of those Nest does not know. */
function withPathNames(path: string, parameters: Parameters = []): Parameters {
  const named = parameters.map((parameter) => ('name' in parameter ? parameter.name : ''));
  const missing = [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name = '']) => (named.includes(name) ? [] : [name]));
  const schema = { type: 'string' };
  return [...missing.map((name) => ({ name, in: 'path' as const, required: true, schema })), ...parameters];
}

/** From what Nest serves, and what is served before it; what each call is for, and who may call, says the table. */
function apiDocument(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, HEAD);
  for (const [path, operations] of Object.entries(RAW_OPERATIONS)) document.paths[path] = operations;
  for (const name of ROUTE_NAMES) {
    const { method, path, summary, caller }: Route = ROUTES[name];
    const operation = document.paths[path]?.[method.toLowerCase() as 'get'];
    if (operation === undefined) continue;
    Object.assign(operation, { operationId: name, summary, ...(caller === 'node' && { security: [{ node: [] }] }) });
    operation.parameters = withPathNames(path, operation.parameters);
    operation.responses = { ...operation.responses, default: REFUSAL };
  }
  return document;
}
