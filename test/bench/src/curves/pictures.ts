/** Which curves are drawn of the points, and under which names they are kept. */
import { svgOf, type Picture } from './picture';
import { idleOf, type Point } from './points';

const curve = (points: readonly Point[], figure: (point: Point) => number) =>
  points.map((point) => ({ x: point.nodes, y: figure(point) }));

const X_LABEL = 'enrolled Nodes';

/** By the names of their files. */
export function picturesOf(points: readonly Point[]): Record<string, string> {
  const share =
    (kind: string) =>
    (point: Point): number =>
      Object.entries(point.idle).reduce((sum, [name, used]) => (name.startsWith(kind) ? sum + used : sum), 0);
  const pictures: Record<string, Picture> = {
    'fan-out': {
      title: 'Announcements of one relay after a rotation',
      ...{ xLabel: X_LABEL, yLabel: 'announcements a second' },
      curves: [{ name: 'one relay', points: curve(points, ({ fanOutPerSecond }) => fanOutPerSecond) }],
    },
    open: {
      title: 'The transaction of a rotation, a row for each Node',
      ...{ xLabel: X_LABEL, yLabel: 'milliseconds' },
      curves: [{ name: 'commit', points: curve(points, ({ commitMs }) => commitMs) }],
      limit: { y: 1_000, name: 'at most, with 250,000' },
    },
    latency: {
      title: 'From publishing an event to the Node’s handler, p50',
      ...{ xLabel: X_LABEL, yLabel: 'milliseconds' },
      curves: [{ name: 'latency', points: curve(points, ({ latencyMs }) => latencyMs) }],
      limit: { y: 25, name: 'at most' },
    },
    idle: {
      title: 'CPU while nothing happens',
      ...{ xLabel: X_LABEL, yLabel: '% of a core' },
      curves: [
        { name: 'all processes', points: curve(points, idleOf) },
        { name: 'PostgreSQL', points: curve(points, share('postgres')) },
        { name: 'outbox-relay', points: curve(points, share('outbox-relay')) },
      ],
      limit: { y: 2, name: 'at most, of all' },
    },
    status: {
      title: 'plexctl signing status, as rotation answers it',
      ...{ xLabel: X_LABEL, yLabel: 'milliseconds' },
      curves: [{ name: 'status', points: curve(points, ({ statusMs }) => statusMs) }],
    },
  };
  return Object.fromEntries(Object.entries(pictures).map(([name, picture]) => [`${name}.svg`, svgOf(picture)]));
}
