/**
 * The ways in which Nodes listen, a row for each: where a Node's messages go, which news of keys it is told and how, and
 * what settles them (ADR 0022). Claiming, writing, publishing and settling are the same for all of them.
 */
import { FORKED, nextKeyNews, type KeyNews, type RingHistory, type Told } from '@plexsphere/keyring';
import { PLATFORM, subjects } from '@plexsphere/wire';
import { LEADS_BACK } from './claim/read-rings';
import { IS_PRESENT } from './node-stream';

/** As outbox.node_stream says it of each Node. */
export type Listens = 'bus';

export interface Receiver {
  /** Where on the stream its messages are put. */
  subject: (nodeId: string) => string;
  /** What it must hear about keys next. */
  keyNews: (told: Told, own: RingHistory, platform: RingHistory) => KeyNews;
  /**
   * The same question for a whole table of Nodes: `s` is the Node's row of outbox.node_stream, `r` its ring, `p` the
   * platform's. `lacksTrust`: what it must hear before it can verify what comes; `lacksNews`: that, or what it may hear
   * whenever there is time, which is that a key is closed. `isCutOff`: it follows a chain that is not ours, nothing leads
   * back, and what it must hear before anything else it would refuse: of all else it hears the platform's news alone.
   */
  lacksTrust: string;
  lacksNews: string;
  isCutOff: string;
  /** Whether a row of outbox.message, `m`, may be told to it: of the platform's changes none while it is cut off from those. */
  mayHear: string;
  /** Whether what is not settled is sent to it again, when its time has come. */
  isSentAgain: string;
  /** Whether something is not settled, once it is told of these epochs. */
  isUnsettled: (toldEpoch: string, toldPlatformEpoch: string) => string;
}

/** Of the platform's ring what a Node held when it left does not lead it back: the domain's `platformFromFork`. */
const hasWayBack = (scope: string): string =>
  `EXISTS (SELECT FROM ring.ring_change c WHERE c.scope = ${scope} AND ${LEADS_BACK('c')}
    AND c.epoch > CASE ${scope} WHEN '${PLATFORM}' THEN coalesce(s.platform_forked_from, 0) ELSE 0 END)`;

/** On a fork, and nothing leads back; looked up of those alone that are on one. */
const OWN_LOST = `(CASE WHEN s.told_epoch = ${FORKED} THEN NOT ${hasWayBack('s.scope')} ELSE false END)`;
const PLATFORM_LOST = `(CASE WHEN s.told_platform_epoch = ${FORKED} THEN NOT ${hasWayBack(`'${PLATFORM}'`)} ELSE false END)`;

/**
 * Whether an announcement tells a Node all that it lacks of its own ring, which holds none of our keys of the platform that
 * may have vouched: one statement, by a key that still verifies.
 */
const IS_BRIDGED = `
  (EXISTS (SELECT FROM ring.ring_change c JOIN ring.signing_key k ON k.scope = c.scope AND k.key_id = c.active_key_id
            WHERE c.scope = s.scope AND c.epoch = s.told_epoch AND k.state IN ('active', 'retiring'))
   AND (SELECT count(*) = 1 AND bool_and(few.authority_epoch IS NULL)
          FROM (SELECT c.authority_epoch FROM ring.ring_change c
                 WHERE c.scope = s.scope AND c.epoch > s.told_epoch AND c.statement IS NOT NULL LIMIT 2) few))`;

/** What it lacks of its own ring takes a bundle, and those it refuses. */
const IS_STUCK = `(CASE WHEN s.told_platform_epoch = ${FORKED} AND s.told_epoch < r.trust_epoch
                        THEN ${PLATFORM_LOST} AND NOT ${IS_BRIDGED} ELSE false END)`;

export const RECEIVERS: Readonly<Record<Listens, Receiver>> = {
  /**
   * The SDK on the bus. It is told of its own ring and of the platform's, by announcements and chains; it acknowledges
   * what it has applied, again every minute, which is its sign of life: what it has not, it is sent again.
   */
  bus: {
    subject: subjects.eventsOut,
    keyNews: nextKeyNews,
    lacksTrust: `(CASE WHEN ${OWN_LOST} THEN s.told_platform_epoch < p.epoch AND NOT ${PLATFORM_LOST}
                       ELSE s.told_epoch < r.trust_epoch AND NOT ${IS_STUCK}
                            OR s.told_platform_epoch < p.trust_epoch AND NOT ${PLATFORM_LOST} END)`,
    lacksNews: `((s.told_epoch < r.epoch OR s.told_platform_epoch < p.epoch) AND NOT ${PLATFORM_LOST})`,
    isCutOff: `(${OWN_LOST} OR ${IS_STUCK})`,
    mayHear: `(m.epoch IS NULL OR m.ring_scope = s.scope OR NOT ${PLATFORM_LOST})`,
    isSentAgain: IS_PRESENT,
    // Epochs beside rows: of the platform's close a Domain's Node has no row.
    isUnsettled: (toldEpoch, toldPlatformEpoch) => `
      (${toldEpoch} > s.settled_epoch OR ${toldPlatformEpoch} > s.settled_platform_epoch
       OR EXISTS (SELECT FROM outbox.message m WHERE m.node_id = s.node_id AND m.state <> 'settled'))`,
  },
};

/** A condition of SQL that each Node's own receiver answers. */
export const byReceiver = (condition: (receiver: Receiver) => string): string => {
  const cases = Object.entries(RECEIVERS).map(([listens, row]) => `WHEN '${listens}' THEN ${condition(row)}`);
  return `CASE s.listens ${cases.join(' ')} END`;
};
