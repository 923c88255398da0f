/** A key or a token that this host has from now on. */
import type { EdgeChanged } from '@plexsphere/edge';
import { labelled } from '../../layout';
import { utc, type Result } from '../../render';
import type { Terminal } from '../../terminal';

export function changed(document: EdgeChanged, terminal: Terminal): Result {
  const { node_id, generation, key_fingerprint, token_expires, confirmed, archived } = document;
  if (archived !== null) terminal.note(`the old key is kept in ${archived} for a while: nothing accepts it any more`);
  if (!confirmed) terminal.note('what was before ends by itself within a minute: its end was not confirmed');
  const text = labelled([
    { label: 'node_id', text: node_id },
    { label: 'generation', text: String(generation) },
    { label: 'key_fingerprint', text: key_fingerprint },
    { label: 'token_expires', text: token_expires === null ? 'never' : utc(token_expires) },
  ]);
  return { text: text.join('\n'), document };
}
