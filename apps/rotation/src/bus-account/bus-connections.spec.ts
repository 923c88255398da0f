import { BusConnections } from './bus-connections';
import { readEvent, readPage } from './read-connections';

const of = (entries: [number, string][]) => new Map(entries);
let connections: BusConnections;
beforeEach(() => (connections = new BusConnections()));

it('S10: knows nothing before the servers were asked', () => {
  connections.add('s1', 1, 'UA');
  expect(connections.of('UA')).toBeUndefined();
  connections.replace(new Map());
  expect(connections.of('UA')).toBe(0);
});

it('S10: counts each user over all servers, and every connection once', () => {
  connections.replace(new Map([['s1', of([[1, 'UA']])]]));
  connections.add('s1', 1, 'UA');
  connections.add('s2', 1, 'UA');
  connections.add('s2', 2, 'UB');
  expect([connections.of('UA'), connections.of('UB'), connections.from(2)]).toEqual([2, 1, ['UA']]);
  connections.remove('s1', 1);
  connections.remove('s1', 1);
  connections.remove('s1', 7);
  expect([connections.of('UA'), connections.from(2)]).toEqual([1, []]);
});

it('S10: forgets what a server no longer says, and a server that says nothing, and keeps no trace of either', () => {
  connections.add('s1', 1, 'UA');
  connections.add('s1', 2, 'UB');
  connections.add('s2', 1, 'UA');
  connections.replace(new Map([['s1', of([[2, 'UB']])]]));
  expect([connections.of('UA'), connections.of('UB')]).toEqual([0, 1]);
  connections.replace(new Map([['s1', of([])]]));
  expect(Object.values(connections).filter((held) => held instanceof Map && held.size > 0)).toEqual([]);
});

it.each([
  undefined,
  null,
  'text',
  7,
  [],
  {},
  { server: { id: 1 }, client: {} },
  { server: { id: 's' }, client: { id: 'x' } },
])('takes no word of a server that is none: %j', (word) => {
  expect([readEvent(word), readPage(word)]).toEqual([undefined, undefined]);
});

it('passes over a connection that came by no key', () => {
  const word = {
    server: { id: 's' },
    data: { total: 2, connections: [{ cid: 1 }, { cid: 2, authorized_user: 'UA' }] },
  };
  expect(readPage(word)).toEqual({ server: 's', total: 2, connections: [{ id: 2, publicKey: 'UA' }] });
  expect(readPage({ server: { id: 's' }, data: { total: 0, connections: null } })?.connections).toEqual([]);
});
