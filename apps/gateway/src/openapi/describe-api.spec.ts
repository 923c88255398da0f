// The description of the API says what is served, all of it and nothing else.
import { ROUTES } from '@plexsphere/wire';
import { GatewayWorld } from '../../testing/gateway-world';

jest.setTimeout(120_000);

interface Operation {
  operationId: string;
  summary: string;
  security?: object[];
  responses: object;
  parameters?: { name: string; in: string; required: boolean }[];
}

let world: GatewayWorld;
let paths: Record<string, Record<string, Operation>>;
beforeAll(async () => {
  world = await GatewayWorld.make();
  await world.addIssuer('web', { isDefault: true });
  paths = ((await (await world.get('/openapi.json')).json()) as { paths: typeof paths }).paths;
});
afterAll(() => world.end());

it('names every route of the table, and no other', () => {
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual(
    Object.values(ROUTES)
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
  );
});

it.each(Object.entries(ROUTES))('%s is described, and whoever is not let in learns nothing', async (name, route) => {
  const operation = paths[route.path]?.[route.method.toLowerCase()];
  expect(operation).toMatchObject({ operationId: name, summary: route.summary });
  // What a path holds has to be described, or no page can ask for it (OpenAPI 3.0, section 4.8.9).
  const inPath = operation?.parameters?.filter((each) => each.in === 'path') ?? [];
  expect(inPath.map(({ name: each, required }) => [`{${each}}`, required])).toEqual(
    (route.path.match(/\{\w+\}/g) ?? []).map((each) => [each, true]),
  );
  expect(operation?.responses).toHaveProperty('default');
  expect(operation?.security).toEqual(SECURITY[route.caller]);
  const id = 'b6a35f0e-4f0c-4c4e-9d7e-0f6f6c1d2a10';
  const path = route.path
    .replace('{node_id}', id)
    .replace('{scope}', 'platform')
    .replace('{slug}', 'web')
    .replace('{kid}', 'web-1');
  const init = route.method === 'GET' ? {} : { body: JSON.stringify({ node_id: id }), headers: JSON_TYPE };
  const { status } = await world.get(path, { method: route.method, ...init });
  // A newcomer that says nothing of itself is no newcomer; and a client sends a form.
  expect([name, status]).toEqual([
    name,
    { node: 401, key: 401, operator: 401, newcomer: 400, client: 415, anybody: name === 'ping' ? 204 : 200 }[
      route.caller
    ],
  ]);
});

const SECURITY = {
  node: [{ node: [] }],
  key: [{ key: [] }],
  operator: [{ operator: [] }],
  client: [{ client: [] }, {}],
  newcomer: undefined,
  anybody: undefined,
};
const JSON_TYPE = { 'content-type': 'application/json' };

it('has a page that shows it, with all that the page loads', async () => {
  const page = await world.get('/docs');
  expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  const loaded = [...(await page.text()).matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(loaded.length).toBeGreaterThan(2);
  for (const path of loaded) {
    const { pathname } = new URL(path, `${world.url}/docs`);
    expect([path, (await world.get(pathname)).status]).toEqual([path, 200]);
  }
});
