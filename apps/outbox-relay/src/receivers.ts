/**
 * The ways in which Nodes listen, a row for each: where a Node's messages go, which news of keys it is told and how, and
 * what settles them (ADR 0022). Claiming, writing, publishing and settling are the same for all of them.
 */
import { FORKED } from '@plexsphere/keyring';
import type { Listens } from '@plexsphere/store';
import { PLATFORM, subjects } from '@plexsphere/wire';
import type { ClaimedNode } from './claim/claimed-node';
import { chooseNextForGo } from './claim/next-for-go';
import { chooseNext, type NextChoice } from './claim/next-message';
import { LEADS_BACK } from './claim/read-rings';
import type { RingsRead } from './claim/rings-read';
import { HAS_MESSAGE, IS_PRESENT } from './node-stream';

interface Receiver {
  /** Where on the stream its messages are put. */
  subject: (nodeId: string) => string;
  /** Whether it follows a ring by its statements; else it is told keys and times alone. */
  readsStatements: boolean;
  /** What it gets next; undefined where nothing may be sent. */
  chooseNext: (node: ClaimedNode, rings: RingsRead) => NextChoice | undefined;
  /**
   * The same question for a whole table of Nodes: `s` is the Node's row of outbox.node_stream, `r` its ring, `p` the
   * platform's. `lacksTrust`: what it must hear before it can verify what comes; `lacksNews`: that, or what it may hear
   * whenever there is time, which is that a key is closed. `isCutOff`: it follows a chain that is not ours, nothing leads
   * back, and what it must hear before anything else it would refuse: of all else it hears the platform's news alone.
   */
  lacksTrust: string;
  lacksNews: string;
  isCutOff: string;
  /** Whether what is not settled is sent to it again, when its time has come. */
  isSentAgain: string;
  /** Whether something is not settled, once it is told of these epochs, and has settled so much. */
  isUnsettled: (toldEpoch: string, toldPlatformEpoch: string, settled?: Settled) => string;
}

/** Of a Node, in SQL. */
interface Settled {
  epoch: string;
  platformEpoch: string;
  position: string;
}

const AS_ON_RECORD: Settled = {
  epoch: 's.settled_epoch',
  platformEpoch: 's.settled_platform_epoch',
  position: 's.settled_position',
};

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

/**
 * The SDK. It is told of its own ring and of the platform's, by announcements and chains; it acknowledges what it has
 * applied, again every minute, which is its sign of life: what it has not, it is sent again.
 */
const SDK: Omit<Receiver, 'subject'> = {
  readsStatements: true,
  chooseNext: (node, { rings }) => chooseNext(node, rings),
  lacksTrust: `(CASE WHEN ${OWN_LOST} THEN s.told_platform_epoch < p.epoch AND NOT ${PLATFORM_LOST}
                     ELSE s.told_epoch < r.trust_epoch AND NOT ${IS_STUCK}
                          OR s.told_platform_epoch < p.trust_epoch AND NOT ${PLATFORM_LOST} END)`,
  lacksNews: `((s.told_epoch < r.epoch OR s.told_platform_epoch < p.epoch) AND NOT ${PLATFORM_LOST})`,
  isCutOff: `(${OWN_LOST} OR ${IS_STUCK})`,
  isSentAgain: IS_PRESENT,
  // Epochs beside rows: of the platform's close a Domain's Node has no row. What has no position was never sent.
  isUnsettled: (toldEpoch, toldPlatformEpoch, { epoch, platformEpoch, position } = AS_ON_RECORD) => `
    (${toldEpoch} > ${epoch} OR ${toldPlatformEpoch} > ${platformEpoch}
     OR ${HAS_MESSAGE('sent', `m.position > ${position}`)}
     OR ${HAS_MESSAGE('unsent', `m.position > ${position}`)})`,
};

export const RECEIVERS: Readonly<Record<Listens, Receiver>> = {
  bus: { ...SDK, subject: subjects.eventsOut },
  sdk: { ...SDK, subject: subjects.httpEventsOut },
  /**
   * A daemon that takes what HTTP tells it, and acknowledges nothing: its gateway says by words what it holds. It hears of
   * its own ring alone, and nothing while its stream waits for a state; nothing is sent to it again but for a word.
   */
  go: {
    subject: subjects.httpEventsOut,
    readsStatements: false,
    chooseNext: chooseNextForGo,
    lacksTrust: `(s.waits_since IS NULL AND s.told_epoch <= r.trust_epoch
                  AND (s.told_epoch < r.trust_epoch OR s.ready_epoch IS DISTINCT FROM r.trust_epoch))`,
    lacksNews: 'false',
    isCutOff: '(s.waits_since IS NOT NULL)',
    isSentAgain: 'false',
    isUnsettled: () => 'false',
  },
};

/**
 * A condition of SQL that each Node's own receiver answers. Those that say the same share a branch: the planner's time goes
 * by how much it reads, and most of a look's at few Nodes is the planner's.
 */
export const byReceiver = (condition: (receiver: Receiver) => string): string => {
  const who = new Map<string, string[]>();
  for (const [listens, row] of Object.entries(RECEIVERS)) {
    const said = condition(row);
    who.set(said, [...(who.get(said) ?? []), `s.listens = '${listens}'`]);
  }
  const cases = [...who].map(([said, those]) => `WHEN ${those.join(' OR ')} THEN ${said}`);
  return `CASE ${cases.join(' ')} END`;
};
