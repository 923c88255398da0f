import type { RingChange } from '@plexsphere/keyring';
import type { RingChangedReply } from '@plexsphere/wire/commands';
import type { Changed } from './change-ring';
import { signsAfter } from './change-decisions';

/** What every command answers that changes a ring, before the switch. */
export const changedReply = ({
  after,
  told: { nodes, otherNodes },
  unready,
}: Changed<RingChange>): Omit<RingChangedReply, 'confirmed' | 'lapsed'> => ({
  scope: after.ring.scope,
  epoch: after.ring.epoch,
  active_key_id: signsAfter(after),
  unready,
  nodes,
  ...(otherNodes === null ? {} : { domain_nodes: otherNodes }),
});
