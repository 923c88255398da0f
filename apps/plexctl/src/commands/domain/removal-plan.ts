import type { DomainUse, PlanRemoveDomainReply } from '@plexsphere/wire/commands';
import { Failure } from '../../failure';
import { hintFor } from '../../hints';
import { labelled, named } from '../../layout';
import type { Result } from '../../render';

/** What a removal would end. Exit code 1 where the command itself would be refused. */
export function removalPlan(plan: PlanRemoveDomainReply): Result {
  const { scope, key_id, holders, blocked_by: blockedBy } = plan;
  const text = labelled([
    { label: 'would remove', text: scope },
    { label: 'destroys', text: key_id ?? 'no key' },
    { label: 'dropped by', text: holders.length === 0 ? 'nobody: none holds it' : named(holders) },
    { label: 'nodes', text: nodesText(plan) },
    { label: 'keys', text: keysText(plan) },
    { label: 'blocked by', text: blockedBy.length === 0 ? 'nothing' : blockedBy.join(', ') },
  ]).join('\n');
  const [first] = blockedBy;
  const failure = first && new Failure(1, 'would be refused', { blocked_by: blockedBy }, hintFor(first, scope));
  return { text, document: plan, ...(failure ? { failure } : {}) };
}

const nodesText = ({ nodes, more_nodes: areMore }: Pick<DomainUse, 'nodes' | 'more_nodes'>): string =>
  nodes.length === 0 ? 'none' : `${named(nodes)}${areMore ? ' and others' : ''}`;

/** Beside the one that signs. */
const keysText = ({ keys }: Pick<DomainUse, 'keys'>): string =>
  keys.length === 0 ? 'none but the active one' : keys.map(({ key_id, state }) => `${key_id} is ${state}`).join(', ');
