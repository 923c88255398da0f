import type { ShowReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { labelled, orDash } from '../../layout';
import { table, utc } from '../../render';
import { UUID_FLAG } from '../flag-definitions';

export const show = command({
  path: ['signing', 'show'],
  about: `Shows one rotation: its keys, its times, how it ended, and the audit log: who did what to it.
    plexctl signing history shows the ids.`,
  flags: { id: { ...UUID_FLAG, summary: 'of the rotation', required: true } },
  examples: ['plexctl signing show --id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1'],
  asks: 'bus',

  async run({ flags: { id }, bus }) {
    const document = await bus.ask('signing.show', { id });
    return { text: textOf(document), document };
  },
});

function textOfMember(label: string, value: string | readonly string[] | null): string {
  if (typeof value === 'string' && label.endsWith('_at')) return utc(value);
  return value === null || typeof value === 'string' ? orDash(value) : orDash(value.join(', ') || null);
}

function textOf({ audit, ...transition }: ShowReply): string {
  const lines = Object.entries(transition).map(([label, value]) => ({
    label,
    text: textOfMember(label, value),
  }));
  const log = table({
    columns: ['HAPPENED_AT', 'ACTOR', 'ACTION', 'DETAIL'],
    rows: audit.map(({ happened_at, actor, action, detail }) => [
      ...[utc(happened_at), actor, action, detail === null ? '-' : JSON.stringify(detail)],
    ]),
  });
  return [...labelled(lines), '', log.trimEnd()].join('\n');
}
