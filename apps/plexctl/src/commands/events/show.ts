import { isEventId } from '@plexsphere/wire';
import type { MissingNode, ShowEventReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { labelled, orDash } from '../../layout';
import { gathered, noteMore, PAGE_FLAGS } from '../../pages';
import { table, utc } from '../../render';
import { counts } from './counts';

export const showEvent = command({
  path: ['events', 'show'],
  about: `Shows one event, how many Nodes have it, and by name those that do not: unsent waits for an outbox-relay, sent for
    the word of the Node, which is sent the event again when it comes back; expired is given up, and a resync stands for
    it. SINCE says for how long it has been so. plexctl events list shows the ids.`,
  flags: {
    'event-id': {
      value: 'id',
      summary: 'of the event',
      accepts: isEventId,
      expected: 'a UUID, or <node id>/<uuid>, in lower case',
      required: true,
    },
    ...PAGE_FLAGS,
  },
  examples: [
    'plexctl events show --event-id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1',
    'plexctl events show --event-id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --limit 1000 --output json',
  ],
  asks: 'bus',

  async run({ flags: { 'event-id': event_id, ...page }, bus, terminal }) {
    const ask = (asked: object) => bus.ask('events.show', { event_id, ...asked });
    const { rows: missing, last } = await gathered(page, ask, (reply) => reply.missing);
    noteMore(last, terminal);
    return { text: textOf(last, missing), document: { ...last, missing } };
  },
});

function textOf(event: ShowEventReply, missing: readonly MissingNode[]): string {
  const { event_id, scope, event_type, epoch, created_at, counted_to } = event;
  const lines = Object.entries({
    event_id,
    scope,
    event_type,
    ...(epoch === null ? {} : { epoch: String(epoch) }),
    created_at: utc(created_at),
    ...counts(event, counted_to),
  }).map(([label, text]) => ({ label, text }));
  return [...labelled(lines), '', missing.length === 0 ? nobodyShown(event) : tableOf(missing)].join('\n');
}

const nobodyShown = ({ waiting, expired }: ShowEventReply): string =>
  waiting + expired === 0 ? 'No Node lacks it.' : 'None of the Nodes that lack it is shown here.';

const tableOf = (missing: readonly MissingNode[]): string =>
  table({
    columns: ['NODE', 'SCOPE', 'STATE', 'SINCE', 'LAST_SEEN_AT', 'NODE_ID'],
    rows: missing.map(({ name, scope, state, since, last_seen_at, node_id }) => [
      ...[name, scope, state, utc(since), orDash(last_seen_at && utc(last_seen_at)), node_id],
    ]),
  }).trimEnd();
