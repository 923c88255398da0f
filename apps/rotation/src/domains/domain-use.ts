import { problem, type Problem } from '@plexsphere/wire';
import type { DomainUse } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import type { StoredRing } from '../rings/read-ring';
import { NAMES_SHOWN } from '../status/nodes-status';

/** States in which a key is more than one that has ended, beside the one that signs. */
const UNSETTLED = ['staged', 'retiring'];

/** Who would miss the Domain: its Nodes, and what is open in its ring. Looks at no more Nodes than it names. */
export async function domainUse(manager: EntityManager, { ring: { scope, keys } }: StoredRing): Promise<DomainUse> {
  const enrolled = await manager.query<{ name: string }[]>(
    `SELECT name FROM ring.node WHERE scope = $1 AND state = 'enrolled' ORDER BY name LIMIT ${NAMES_SHOWN + 1}`,
    [scope],
  );
  const unsettled = keys.filter(({ state }) => UNSETTLED.includes(state));
  return {
    nodes: enrolled.slice(0, NAMES_SHOWN).map(({ name }) => name),
    more_nodes: enrolled.length > NAMES_SHOWN,
    keys: unsettled.map(({ keyId, state }) => ({ key_id: keyId, state })),
  };
}

/** What refuses the removal; undefined where nothing does. An open rotation has a key that retires. */
export async function refusalOfRemoval(manager: EntityManager, stored: StoredRing): Promise<Problem | undefined> {
  const use = await domainUse(manager, stored);
  const isOpen = stored.transition?.outcome === null;
  if (use.nodes.length > 0 || use.keys.length > 0 || isOpen) return problem('domainInUse', { field: 'id', ...use });
  return (await hasLaterStatement(manager, stored.ring.scope)) ? problem('epochWentBack') : undefined;
}
