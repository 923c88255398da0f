import { isActor, isCommandName, isTime, parseRfc3339 } from '@plexsphere/wire';
import type { AuditEntry } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { misuse } from '../../failure';
import { orDash } from '../../layout';
import { gathered, noteMore, PAGE_FLAGS } from '../../pages';
import { utc, type Table } from '../../render';
import { SCOPE_FLAG } from '../flag-definitions';

const TIME = {
  value: 'time',
  accepts: isTime,
  expected: 'a time as RFC 3339 has it: 2026-05-01T12:00:00Z',
} as const;

/** What was done on the database itself, by no command of the bus. */
const OF_BRING_UP = ['bootstrap', 'reissue', 'revoke-old'];
/** A name that is spelled otherwise than in the log finds nothing either. */
const NONE_FOUND = 'none is found: without --actor and --action the log shows how each is spelled';

export const listAudit = command({
  path: ['audit', 'list'],
  about: `Lists the audit log of the scopes that you may see, the newest first: who did what, and when; what was forced
    says so. JSON and YAML have each entry whole: the state before, the state after, and what the command adds to it.
    What concerns the whole installation, as tokens do, is shown to admins of every scope.

    The log is never pruned. A removed Domain's entries stay, by its scope.`,
  flags: {
    scope: { ...SCOPE_FLAG, required: false },
    actor: {
      value: 'name',
      summary: 'an operator, by name or id',
      accepts: isActor,
      expected: "an operator's name or id",
    },
    action: {
      value: 'command',
      summary: 'one command: signing.rotate',
      // By half a name nothing would be found, as if nobody had done it.
      accepts: (text: string) => isCommandName(text) && (text.includes('.') || OF_BRING_UP.includes(text)),
      expected: '<noun>.<verb>: signing.rotate',
    },
    since: { ...TIME, summary: 'not before this time' },
    until: { ...TIME, summary: 'before this time' },
    ...PAGE_FLAGS,
  },
  examples: [
    'plexctl audit list --scope platform --since 2026-05-01T00:00:00Z',
    'plexctl audit list --actor ana --action signing.close --limit 5 --output json',
  ],
  asks: 'bus',

  check({ since, until }) {
    if (since === undefined || until === undefined) return;
    if ((parseRfc3339(until)?.ms ?? 0) > (parseRfc3339(since)?.ms ?? 0)) return;
    throw misuse('--until must be later than --since', 'until');
  },

  async run({ flags, bus, terminal }) {
    const { limit, after, ...filters } = flags;
    const asked = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
    const ask = (page: object) => bus.ask('audit.list', { ...asked, ...page });
    const { rows: entries, last } = await gathered({ limit, after }, ask, (reply) => reply.entries);
    noteMore(last, terminal);
    if (entries.length === 0 && (flags.actor ?? flags.action) !== undefined) terminal.note(NONE_FOUND);
    return { text: tableOf(entries), document: { ...last, entries } };
  },
});

const tableOf = (entries: readonly AuditEntry[]): Table => ({
  columns: ['HAPPENED_AT', 'ACTOR', 'ACTION', 'SCOPE', 'FORCED', 'REQUEST_ID'],
  rows: entries.map(({ happened_at, actor, action, scope, forced, request_id }) => [
    ...[utc(happened_at), actor, action, orDash(scope), forced ? 'yes' : 'no', orDash(request_id)],
  ]),
});
