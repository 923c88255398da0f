import type { RingChangedReply } from '@plexsphere/wire/commands';
import { plural } from '../../layout';
import { utc, type Result } from '../../render';
import { listed, type Terminal } from '../../terminal';
import { noteLapsed } from './rotate-one';

/** What is worth knowing about a change that is done, whichever it was. */
export function noteChanged(reply: RingChangedReply, terminal: Terminal): void {
  const { unready, domain_nodes: others, active_key_id: keyId } = reply;
  if (unready.length > 0) {
    terminal.note(`did not load ${keyId}, so they sign nothing by it until they have: ${listed(unready)}`);
  }
  noteLapsed(reply, terminal);
  if (others !== undefined && others > 0) terminal.note(`told as well: ${plural(others, 'Node')} of Domains`);
}

/** One row of these members, and the whole as a document with them first. */
export function changedResult<Reply extends RingChangedReply, Name extends keyof Reply & string>(
  reply: Reply,
  names: readonly Name[],
): Result {
  const shown = Object.fromEntries(names.map((name) => [name, member(reply[name], name)]));
  const cells = Object.values(shown).map((value) =>
    value === null ? '-' : Array.isArray(value) ? value.join(',') || '-' : String(value),
  );
  return {
    text: { columns: names.map((name) => name.toUpperCase()), rows: [cells] },
    document: { ...shown, ...reply, ...shown },
  };
}

/** Times in UTC, whatever offset they came with. */
const TIMES = /_(at|by|expires)$/;
const member = (value: unknown, name: string): unknown =>
  typeof value === 'string' && TIMES.test(name) ? utc(value) : value;
