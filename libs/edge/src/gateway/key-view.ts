/** What a Node that asks is told of its key, as far as it acts on it. */
import { isCount, isTime, isUuid } from '@plexsphere/wire';
import { EdgeError } from '../edge-error';
import { isText, type JsonObject } from '../folder/json';

export interface KeyView {
  generation: number;
  publicKey: string;
  /** The fleet run that waits for this Node to change its key. */
  due: string | null;
  contestedSince: string | null;
}

/** @throws EdgeError answer_malformed, which names the member */
export function readView({ generation, public_key, due, contested_since }: JsonObject): KeyView {
  if (!isCount(generation)) throw new EdgeError('answer_malformed', 'generation');
  if (!isText(public_key)) throw new EdgeError('answer_malformed', 'public_key');
  if (contested_since !== null && !isTime(contested_since)) throw new EdgeError('answer_malformed', 'contested_since');
  const run = due === null ? null : typeof due === 'object' ? (due as JsonObject)['run'] : undefined;
  if (run !== null && !isUuid(run)) throw new EdgeError('answer_malformed', 'due');
  return { generation, publicKey: public_key, due: run, contestedSince: contested_since };
}
