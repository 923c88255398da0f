/** What was measured of one installation as it grew. */

/** With so many Nodes enrolled, of which one is there. */
export interface Point {
  nodes: number;
  /** Announcements a second that one relay puts on the bus. */
  fanOutPerSecond: number;
  /** The transaction of a rotation of them all. */
  commitMs: number;
  latencyMs: number;
  statusMs: number;
  /** Shares of a core, in per cent, by process, while nothing happens. */
  idle: Record<string, number>;
  databaseBytes: number;
  /** What a rotation of them all, told and closed, leaves in the database until it is tidied away. */
  rotationBytes: number;
  streamBytes: number;
}

/** What it costs that Nodes are there: each says so once a minute. */
export interface Presence {
  nodes: number;
  /** More than without them, in per cent of a core, by process. */
  shares: Record<string, number>;
  /** Of the bus, more than without them. */
  natsBytes: number;
}

export interface Measured {
  /** By size, the smallest first. */
  points: Point[];
  presence: Presence;
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

export const idleOf = ({ idle }: Point): number => sum(Object.values(idle));
