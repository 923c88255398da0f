import { command } from '../../command';
import { gathered, noteMore, PAGE_FLAGS } from '../../pages';
import { utc } from '../../render';
import { MESH_SCOPE_FLAG } from '../flag-definitions';
import { counts } from './counts';

export const listEvents = command({
  path: ['events', 'list'],
  about: `Lists the events of the scopes that you may see, the newest first: those that Nodes wait for, and those that
    were settled lately. WAITING Nodes do not have it so far; SUPERSEDED ones need it no more, since they were removed or
    hold what came later; EXPIRED ones were away for too long, and hear a resync in its place.`,
  flags: { scope: { ...MESH_SCOPE_FLAG, required: false }, ...PAGE_FLAGS },
  examples: ['plexctl events list', 'plexctl events list --scope platform --limit 3 --output json'],
  asks: 'bus',

  async run({ flags: { scope, ...page }, bus, terminal }) {
    const ask = (asked: object) => bus.ask('events.list', { ...(scope && { scope }), ...asked });
    const { rows: events, last } = await gathered(page, ask, (reply) => reply.events);
    noteMore(last, terminal);
    return {
      text: {
        columns: [
          'EVENT_ID',
          'SCOPE',
          'EVENT_TYPE',
          'CREATED_AT',
          'NODES',
          'APPLIED',
          'WAITING',
          'SUPERSEDED',
          'EXPIRED',
        ],
        rows: events.map((event) => [
          ...[event.event_id, event.scope, event.event_type, utc(event.created_at)],
          ...Object.values(counts(event, last.counted_to)),
        ]),
      },
      document: { ...last, events },
    };
  },
});
