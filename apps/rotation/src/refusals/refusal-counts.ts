import type { OperatorEntity } from '@plexsphere/store';
import type { StatusReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { HELD_BACK } from './refusal-counter';
import { listRefusals } from './refusal-table';

const KINDS_SHOWN = 50;

/** An operator of some scopes learns nothing of what others tried, who may have named other scopes. */
export async function readRefusals(
  manager: EntityManager,
  { id, scopes }: Pick<OperatorEntity, 'id' | 'scopes'>,
): Promise<Pick<StatusReply, 'refusals' | 'held_back'>> {
  const rows = await listRefusals(manager, scopes === null ? null : id, KINDS_SHOWN);
  const counted = rows.map(({ count, lastAt, ...kind }) => ({
    ...kind,
    count: Number(count),
    last_at: lastAt.toISOString(),
  }));
  return {
    refusals: counted.filter(({ code }) => code !== HELD_BACK),
    held_back: counted
      .filter(({ code }) => code === HELD_BACK)
      .map(({ actor, command, count, last_at }) => ({ actor, queue: command, count, last_at })),
  };
}
