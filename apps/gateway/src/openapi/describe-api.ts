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

/** From what Nest serves, and what is served before it; what each call is for, and who may call, says the table. */
function apiDocument(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, HEAD);
  for (const [path, operations] of Object.entries(RAW_OPERATIONS)) document.paths[path] = operations;
  for (const name of ROUTE_NAMES) {
    const { method, path, summary, caller }: Route = ROUTES[name];
    const operation = document.paths[path]?.[method.toLowerCase() as 'get'];
    if (operation === undefined) continue;
    Object.assign(operation, { operationId: name, summary, ...(caller === 'node' && { security: [{ node: [] }] }) });
  }
  return document;
}
