/** `archive/<rfc3339>.key`: Node keys that were replaced, each until its time is over. */
import { isCount, isTime } from '@plexsphere/wire';
import { objectOf } from './json';

export interface Archived {
  nodeId: string;
  generation: number;
  /** nkey, `U…`. */
  publicKey: string;
  /** Secret. */
  seed: string;
  archivedAt: string;
  deleteAt: string;
}

/** Those alone are ever deleted from that folder. */
export const isArchiveName = (name: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\.key$/.test(name);

export const archivedText = ({ nodeId, generation, publicKey, seed, archivedAt, deleteAt }: Archived): string =>
  `${JSON.stringify(
    { node_id: nodeId, generation, public_key: publicKey, seed, archived_at: archivedAt, delete_at: deleteAt },
    null,
    2,
  )}\n`;

/** What may be told of it: no seed. Undefined for a file that is not whole. */
export function readArchived(text: string): { generation: number; deleteAt: string } | undefined {
  const { generation, delete_at: deleteAt } = objectOf(text) ?? {};
  return isCount(generation) && isTime(deleteAt) ? { generation, deleteAt } : undefined;
}
