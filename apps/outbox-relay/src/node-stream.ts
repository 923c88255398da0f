import { POSITIONS_APART } from '@plexsphere/keyring';

/**
 * What several statements say in the same words. In each of them `s` is a Node's row of outbox.node_stream, and `m` one of
 * outbox.message.
 */

/**
 * Three of the acknowledgements that a Node repeats every 60 s: after that it is absent, is sent nothing again, and waits
 * for its own hello.
 */
export const IS_PRESENT = `coalesce(s.last_seen_at > clock_timestamp() - interval '180 s', false)`;

export const IS_UNCLAIMED = `(s.claim_deadline IS NULL OR s.claim_deadline <= clock_timestamp())`;

/**
 * What a Node has not settled has a position above this, or none: an acknowledgement settles all that its position covers,
 * and each position that is given is a new one, above all that can be acknowledged. Of one that cannot acknowledge old
 * positions say nothing. An index that is read from here on passes by nothing that is dead, and kept by an old snapshot.
 */
export const SETTLED_UP_TO = `(CASE s.listens WHEN 'go' THEN 0 ELSE s.settled_position END)`;

/**
 * Whether a Node has a message of that state. An index has those of each state by Node, and no other may answer. OFFSET 0:
 * a planner that believes that there are few reads those of all Nodes at once, and looks among them.
 */
export const HAS_MESSAGE = (state: 'unsent' | 'sent', where = 'true'): string =>
  `EXISTS (SELECT FROM outbox.message m WHERE m.node_id = s.node_id AND m.state = '${state}' AND ${where} OFFSET 0)`;

/** How long until what is not settled is sent again: 2 s, doubling to 60 s. */
export const RESEND_AFTER = (count: string): string =>
  `clock_timestamp() + least(60, 2 * power(2, least(${count}, 5))) * interval '1 s'`;

/** Of a SET: nobody knows what reached the Node beyond what it has settled. As the keyring's `toldUnknown` has it. */
export const TOLD_AS_SETTLED = `
  told_epoch = least(told_epoch, settled_epoch),
  told_platform_epoch = least(told_platform_epoch, settled_platform_epoch),
  last_position = last_position + CASE listens WHEN 'go' THEN ${POSITIONS_APART} ELSE 0 END,
  chain = NULL`;
