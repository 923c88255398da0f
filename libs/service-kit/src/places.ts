import type { Traffic } from '@plexsphere/wire';
import type { Limits } from './fair-queue';

const MIB = 1_024 * 1_024;

/** How much room each kind of work has. What needs no turn stands in no queue. */
export const PLACES: Readonly<Record<Exclude<Traffic['queue'], 'news'>, Limits>> = {
  // An operator's commands wait for signers and leases rather than for a processor: a rotate takes seconds. Two lanes can
  // be full of what waits for a locked scope before the operator's third one is held up.
  commands: { atOnce: 256, perAsker: 16, perLane: 8, waiting: 256, waitingBytes: 16 * MIB, givesWay: 'newest' },
  // Newcomers of all scopes, before anybody knows of which: they wait for their scope behind this, each scope by itself. So
  // many that those of one that is locked must not hold up the others. Anybody may come with a token that he makes up, on any
  // number of connections: each token takes turns with the others, and those who are refused at once turn nobody away.
  registrations: { atOnce: 256, perAsker: 256, perLane: 8, waiting: 4_096, waitingBytes: 4 * MIB, givesWay: 'newest' },
  // Members of channels say what they hold every minute and wait for the answer; of one it is the last word that counts.
  reports: { atOnce: 256, perAsker: 1, perLane: 1, waiting: 1_024, waitingBytes: 4 * MIB, givesWay: 'oldest' },
  // A Node asks about its key a few times a day and waits for the answer. Whoever calls in its name by a key of his own
  // stands in that key's lane.
  'node keys': { atOnce: 256, perAsker: 8, perLane: 2, waiting: 64, waitingBytes: 512 * 1_024, givesWay: 'newest' },
  // A holder asks again only when it has been answered or has given up.
  renewals: { atOnce: 64, perAsker: 2, perLane: 2, waiting: 4, waitingBytes: 4 * MIB, givesWay: 'oldest' },
  // Asked by services alone, many at once; whoever waits for longer than a second does not wait any more.
  signing: { atOnce: 512, perAsker: 128, perLane: 128, waiting: 4_096, waitingBytes: 64 * MIB, givesWay: 'newest' },
  // One batch takes the words of thousands of Nodes. Of one Node they are cumulative: the last one says it all.
  'node words': { atOnce: 4_096, perAsker: 1, perLane: 1, waiting: 8, waitingBytes: 128 * 1_024, givesWay: 'oldest' },
};
