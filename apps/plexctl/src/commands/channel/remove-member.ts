import type { RemoveMemberReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { misuse } from '../../failure';
import { NOT_CUT_YET } from '../../hints';
import { labelled } from '../../layout';
import { table, utc } from '../../render';
import { NAME_FLAG, UUID_FLAG } from '../flag-definitions';
import { SLUG_FLAG } from './channel-flags';

export const removeMember = command({
  path: ['channel', 'remove-member'],
  about: `Removes a member: its connection is ended, its credential is revoked, no secret is sealed to it any more, and no
    rotation waits for it. What it was told before it still knows: this names the secrets, and what to run so that they
    stop to verify. There is no way back but to add it again.`,
  flags: {
    slug: SLUG_FLAG,
    name: { ...NAME_FLAG, summary: 'the member, by its name' },
    'node-id': { ...UUID_FLAG, summary: 'the member, by its id' },
  },
  examples: [
    'plexctl channel remove-member --slug payments --name bank-1',
    'plexctl channel remove-member --slug payments --node-id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --output json',
  ],
  asks: 'bus',

  check({ slug, name, 'node-id': id }) {
    if ((name === undefined) !== (id === undefined)) return;
    throw misuse(
      'either --name or --node-id is required',
      'name',
      `plexctl channel show --slug ${slug} shows them all`,
    );
  },

  async run({ flags: { slug, name, 'node-id': id }, bus, terminal }) {
    const member = id === undefined ? { name: name ?? '' } : { node_id: id };
    const ifUnknown = `plexctl channel show --slug ${slug} shows it no more if it is removed`;
    const document = await bus.change('channel.remove-member', { slug, ...member }, ifUnknown);
    if (!document.pushed) terminal.note(NOT_CUT_YET);
    return { text: textOf(document), document };
  },
});

function textOf({ node_id, name, slug, side, removed_at, known }: RemoveMemberReply): string {
  const removed = table({
    columns: ['NODE_ID', 'SLUG', 'SIDE', 'NAME', 'REMOVED_AT'],
    rows: [[node_id, slug, side, name, utc(removed_at)]],
  });
  const rings = known.filter(({ key_ids: keyIds }) => keyIds.length > 0);
  if (rings.length === 0) return `${removed}\n${name} knows no secret that verifies.`;
  const lines = rings.flatMap(({ scope, key_ids: keyIds }) => [
    `${name} still knows, by name, the secrets of ${scope}: ${keyIds.join(', ')}`,
    `  next: plexctl signing rotate --scope ${scope} --reason "${name} was removed"`,
  ]);
  return [
    removed,
    ...lines,
    '',
    ...labelled([
      { label: 'until then', text: 'whoever has them signs by them, and is believed: until the rotation is closed' },
      {
        label: 'at once',
        text: 'plexctl signing revoke, where they may be in wrong hands: what is under way is refused then',
      },
    ]),
  ].join('\n');
}
