import { at, needsOf, needsTable } from './needs';
import type { Measured, Point } from './points';

const point = (nodes: number, more: Partial<Point> = {}): Point => ({
  nodes,
  fanOutPerSecond: 10_000,
  commitMs: 10 + nodes / 1_000,
  latencyMs: 10,
  statusMs: 5 + nodes / 10_000,
  idle: { 'rotation-1': 0.5, postgres: 0.25 },
  databaseBytes: 2 ** 30,
  rotationBytes: nodes * 100,
  streamBytes: nodes * 1_024,
  ...more,
});

const measured: Measured = {
  points: [point(1_000), point(100_000), point(250_000, { fanOutPerSecond: 8_000 })],
  presence: {
    nodes: 2_000,
    shares: { 'outbox-relay-1': 2, postgres: 1, 'nats-server': 0.5 },
    natsBytes: 2_000 * 2 ** 15,
  },
};

const need = (part: string, what: RegExp): number =>
  needsOf(measured, { nodes: 1_000_000, domains: 100 }).find((each) => each.part === part && what.test(each.what))
    ?.value ?? NaN;

it('between two points lies on their line, beyond them on that of the last two, at a point is it', () => {
  const commit = (nodes: number): number => at(measured.points, nodes, ({ commitMs }) => commitMs);
  expect([commit(1_000), commit(50_500), commit(1_000_000)]).toEqual([11, 60.5, 1_010]);
});

it('never says less than nothing', () => {
  const falling = [point(10, { commitMs: 100 }), point(20, { commitMs: 10 })];
  expect(at(falling, 1_000, ({ commitMs }) => commitMs)).toBe(0);
});

it('needs two points', () => {
  expect(() => at([point(10)], 20, ({ commitMs }) => commitMs)).toThrow('two points');
});

it('takes a Domain for its own Nodes, and the platform for all', () => {
  expect(need('rotation', /lock of one Domain/)).toBeCloseTo(20);
  expect(need('rotation', /lock of the platform/)).toBeCloseTo(1_010);
});

it('tells all by the slowest rate that was seen', () => {
  expect(need('outbox-relay', /tells a Domain/)).toBeCloseTo(1.25);
  expect(need('outbox-relay', /tells all/)).toBeCloseTo(125);
});

it('counts who is there, and what is idle beside it', () => {
  expect(need('outbox-relay', /cores/)).toBeCloseTo(10);
  expect(need('PostgreSQL', /cores/)).toBeCloseTo(5.0025);
  expect(need('rotation', /cores/)).toBeCloseTo(0.005);
  expect(need('nats-server', /memory/)).toBeCloseTo((1_000_000 * 2 ** 15) / 2 ** 30);
  expect(need('PostgreSQL', /tidied/)).toBeCloseTo(1e8 / 2 ** 30);
});

it('makes a table of it', () => {
  const table = needsTable([{ part: 'signer', what: 'cores', value: 0.0123, unit: 'cores' }]);
  expect(table).toBe('| part | what | needs |\n| --- | --- | ---: |\n| signer | cores | 0.012 cores |\n');
});
