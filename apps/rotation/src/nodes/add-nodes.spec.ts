// Enrolling many Nodes at once, on a real PostgreSQL and under rotation's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { createBusKey } from '@plexsphere/wire';
import { EnrolmentWorld, MESH_DOMAIN } from '../../testing/enrolment-world';

jest.setTimeout(60_000);

let world: EnrolmentWorld;
beforeAll(async () => {
  world = await EnrolmentWorld.create(await testDatabase({ name: 'store', prepare: migrateStore }));
});
afterAll(() => world.end());
beforeEach(() => world.owner.query('TRUNCATE ring.node, outbox.node_stream, ring.bus_user, ring.audit CASCADE'));

const node = (name: string) => ({ name, bus_public_key: createBusKey('user').publicKey });
const add = (nodes: ReturnType<typeof node>[], requestId = randomUUID()) =>
  world.addingMany.add({ scope: MESH_DOMAIN, nodes }, world.operator('node.add-many', requestId));
const enrolled = () =>
  world.owner.query<{ id: string; name: string; state: string; told: number }[]>(
    `SELECT node.id, node.name, stream.state, stream.told_epoch::int AS told
       FROM ring.node AS node JOIN outbox.node_stream AS stream ON stream.node_id = node.id ORDER BY name`,
  );
const audited = async () =>
  (await world.owner.query<{ after: { name: string } }[]>('SELECT after FROM ring.audit ORDER BY id')).map(
    ({ after }) => after.name,
  );

it('enrols all of them with one bundle, a credential and an audit row each, told of the present epoch', async () => {
  const nodes = ['c', 'a', 'b'].map(node);
  const reply = await add(nodes);
  expect(reply).toMatchObject({ scope: MESH_DOMAIN, taken: [] });
  expect(reply.nodes.map(({ name, added }) => [name, added])).toEqual([
    ['c', true],
    ['a', true],
    ['b', true],
  ]);
  expect(reply.nodes.map(({ bus_jwt: jwt }) => jwt)).toEqual(
    reply.nodes.map(({ node_id: id }, i) => `${id}/${nodes[i]?.bus_public_key}`),
  );
  const rows = await enrolled();
  expect(rows.map(({ name, state }) => [name, state])).toEqual([
    ['a', 'open'],
    ['b', 'open'],
    ['c', 'open'],
  ]);
  const { epoch } = JSON.parse(reply.bundle) as { epoch: number };
  expect(rows.map(({ told }) => told)).toEqual([epoch, epoch, epoch]);
  expect(new Set(reply.nodes.map(({ node_id: id }) => id))).toEqual(new Set(rows.map(({ id }) => id)));
  expect(await audited()).toEqual(['c', 'a', 'b']);
});

it('answers a repetition alike, and whoever comes by the same keys in another request with the same Nodes', async () => {
  const [nodes, requestId] = [['a', 'b'].map(node), randomUUID()];
  const first = await add(nodes, requestId);
  expect(await add(nodes, requestId)).toEqual(first);
  const again = await add([...nodes, node('c')]);
  expect(again.nodes.map(({ name, added }) => [name, added])).toEqual([
    ['a', false],
    ['b', false],
    ['c', true],
  ]);
  const idOf = ({ node_id: id }: { node_id: string }) => id;
  expect(again.nodes.slice(0, 2).map(idOf)).toEqual(first.nodes.map(idOf));
  expect(await enrolled()).toHaveLength(3);
  expect(await audited()).toEqual(['a', 'b', 'c']);
});

it('names who is there by another key, and enrols the others', async () => {
  await add([node('b')]);
  const reply = await add(['a', 'b', 'c'].map(node));
  expect(reply.taken).toEqual(['b']);
  expect(reply.nodes.map(({ name }) => name)).toEqual(['a', 'c']);
  expect(await enrolled()).toHaveLength(3);
});

it('gives nobody a credential that does not end for the key of a Node whose own tokens do', async () => {
  const agent = node('agent');
  const { nodes } = await add([agent]);
  await world.owner.query(
    `INSERT INTO ring.node_key (node_id, generation, public_key, state, request_hash, token, token_iat, token_expires_at,
                                tokens_until)
     VALUES ($1, 1, $2, 'active', 'r', 't', 1, now(), now())`,
    [nodes[0]?.node_id, agent.bus_public_key],
  );
  expect(await add([agent])).toMatchObject({ nodes: [], taken: ['agent'] });
});

it('enrols none of them where one comes by the key of somebody else', async () => {
  const theirs = node('theirs');
  await world.owner.query('INSERT INTO ring.bus_user (public_key) VALUES ($1)', [theirs.bus_public_key]);
  await expect(add([node('a'), theirs])).rejects.toMatchObject({
    body: { code: 'ALREADY_EXISTS', field: 'bus_public_key', name: 'theirs' },
  });
  expect(await enrolled()).toEqual([]);
  expect(await audited()).toEqual([]);
});

it('of two who enrol the same names at once one has each of them, and none is lost or doubled', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  const outcomes = await Promise.allSettled([add(names.map(node)), add(names.toReversed().map(node))]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  const rows = await enrolled();
  expect(rows.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect((await audited()).sort()).toEqual([...names].sort());
});
