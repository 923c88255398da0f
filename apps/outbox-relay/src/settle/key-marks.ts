import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** Of one ring: what lies after `after`, up to `upTo`. */
interface Reach {
  after: number;
  upTo: number;
}

/**
 * What settles messages of key events of a Node, by epochs. `applied`: the Node has; `passed`: its stream has told it of these
 * epochs at once, and all but the last one's need not be sent any more; `left`: it is gone.
 */
export interface KeyMark {
  nodeId: string;
  /** The Node's. */
  scope: Scope;
  how: 'applied' | 'passed' | 'left';
  own: Reach;
  platform: Reach;
}

/** Nodes a row, so that the statement that marks them is short. */
const MOST_IN_A_ROW = 250;

const NOTE = `INSERT INTO outbox.key_mark (marks) SELECT jsonb_array_elements($1::jsonb)`;

/**
 * Writes down, in the transaction that settles, what is to be marked behind it (`markKeys`): the messages themselves would be
 * looked up one by one while Nodes wait.
 */
export async function noteKeyMarks(manager: EntityManager, marks: readonly KeyMark[]): Promise<void> {
  if (marks.length === 0) return;
  const rows = marks.map(({ nodeId, scope, how, own, platform }) => ({
    ...{ node_id: nodeId, scope, how, after_epoch: own.after, epoch: own.upTo },
    ...{ after_platform_epoch: platform.after, platform_epoch: platform.upTo },
  }));
  const parts: object[][] = [];
  for (let from = 0; from < rows.length; from += MOST_IN_A_ROW) parts.push(rows.slice(from, from + MOST_IN_A_ROW));
  await manager.query(NOTE, [JSON.stringify(parts)]);
}
