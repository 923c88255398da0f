/** What an installation needs that is larger than any that was measured, computed from the points. */
import { sum, type Measured, type Point } from './points';

export interface Need {
  part: string;
  what: string;
  value: number;
  unit: string;
}

/** A line through the two largest: what grows with the Nodes goes on as it did last. */
export function at(points: readonly Point[], nodes: number, figure: (point: Point) => number): number {
  const [one, other] = points.slice(-2);
  if (one === undefined || other === undefined) throw new Error('two points make a line');
  const below = points.findLast((point) => point.nodes <= nodes);
  const above = points.find((point) => point.nodes >= nodes);
  const [from, to] = below !== undefined && above !== undefined ? [below, above] : [one, other];
  if (from.nodes === to.nodes) return figure(from);
  const slope = (figure(to) - figure(from)) / (to.nodes - from.nodes);
  return Math.max(0, figure(to) + slope * (nodes - to.nodes));
}

/** Nodes that are all there, in Domains of one size. */
export function needsOf(
  { points, presence }: Measured,
  { nodes, domains }: { nodes: number; domains: number },
): Need[] {
  const each = nodes / domains;
  // Of those that were measured the slowest: nothing says that it is faster beyond them.
  const rate = Math.min(...points.map(({ fanOutPerSecond }) => fanOutPerSecond));
  const share = (isIt: (process: string) => boolean): number =>
    (nodes / presence.nodes) *
    sum(Object.entries(presence.shares).flatMap(([process, used]) => (isIt(process) ? [used] : [])));
  const idle = (isIt: (process: string) => boolean): number =>
    at(points, nodes, (point) => sum(Object.entries(point.idle).flatMap(([name, used]) => (isIt(name) ? [used] : []))));
  const cores = (name: string): number =>
    (share((process) => process.startsWith(name)) + idle((process) => process.startsWith(name))) / 100;
  const last = points.at(-1);
  if (last === undefined) throw new Error('nothing was measured');
  return [
    { part: 'rotation', what: 'cores, while nothing happens', value: cores('rotation'), unit: 'cores' },
    {
      part: 'rotation',
      what: 'the lock of one Domain, at its rotation',
      value: at(points, each, ({ commitMs }) => commitMs),
      unit: 'ms',
    },
    {
      part: 'rotation',
      what: 'the lock of the platform, at its rotation',
      value: at(points, nodes, ({ commitMs }) => commitMs),
      unit: 'ms',
    },
    { part: 'rotation', what: 'status of one Domain', value: at(points, each, ({ statusMs }) => statusMs), unit: 'ms' },
    { part: 'signer', what: 'cores, while nothing happens', value: cores('signer'), unit: 'cores' },
    { part: 'outbox-relay', what: 'cores for the signs of life of all', value: cores('outbox-relay'), unit: 'cores' },
    { part: 'outbox-relay', what: 'one relay tells a Domain of its rotation in', value: each / rate, unit: 's' },
    { part: 'outbox-relay', what: 'one relay tells all of the platform’s rotation in', value: nodes / rate, unit: 's' },
    { part: 'PostgreSQL', what: 'cores for the signs of life of all', value: cores('postgres'), unit: 'cores' },
    {
      part: 'PostgreSQL',
      what: 'the Nodes',
      value: at(points, nodes, ({ databaseBytes }) => databaseBytes) / 2 ** 30,
      unit: 'GiB',
    },
    {
      part: 'PostgreSQL',
      what: 'each rotation of the platform, until it is tidied away',
      value: (nodes * last.rotationBytes) / last.nodes / 2 ** 30,
      unit: 'GiB',
    },
    { part: 'nats-server', what: 'cores for the signs of life of all', value: cores('nats-server'), unit: 'cores' },
    {
      part: 'nats-server',
      what: 'memory for their connections',
      value: (nodes * presence.natsBytes) / presence.nodes / 2 ** 30,
      unit: 'GiB',
    },
    {
      part: 'nats-server',
      what: 'the last message of each on its disk',
      value: (nodes * last.streamBytes) / last.nodes / 2 ** 30,
      unit: 'GiB',
    },
  ];
}

const figure = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 2 });

/** A table for a page. */
export function needsTable(needs: readonly Need[]): string {
  const lines = needs.map(({ part, what, value, unit }) => `| ${part} | ${what} | ${figure(value)} ${unit} |`);
  return ['| part | what | needs |', '| --- | --- | ---: |', ...lines, ''].join('\n');
}
