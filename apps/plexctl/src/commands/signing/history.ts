import { channelOf } from '@plexsphere/wire';
import type { DroppedPromotion, TransitionSummary } from '@plexsphere/wire/commands';
import { command, type Invocation } from '../../command';
import { orDash } from '../../layout';
import { utc, type Result, type Table } from '../../render';
import { inEachDirection, isBoth } from '../channel/each-direction';
import { RINGS_FLAG } from '../flag-definitions';

const MOST = 1_000;

const FLAGS = {
  scope: RINGS_FLAG,
  limit: {
    value: 'count',
    summary: 'the newest so many (default: 20)',
    accepts: (text: string): boolean => /^[1-9]\d{0,3}$/.test(text) && Number(text) <= MOST,
    expected: `a number from 1 to ${MOST}`,
  },
} as const;

export const history = command({
  path: ['signing', 'history'],
  about: `Lists the rotations of a scope, the newest first: who opened each, why, how it ended and who ended it, and which
    commands an admin insisted on with --force. Of a channel also since when the new key signed. channel:<slug> lists both
    directions, one below the other, as JSON and YAML an array.`,
  flags: FLAGS,
  examples: [
    'plexctl signing history --scope platform',
    'plexctl signing history --scope platform --limit 3',
    'plexctl signing history --scope channel:payments',
  ],
  asks: 'bus',

  async run(invocation) {
    return isBoth(invocation.flags.scope) ? inEachDirection(invocation, FLAGS, historyOf) : historyOf(invocation);
  },
});

async function historyOf({ flags: { scope, limit }, bus, terminal }: Invocation<typeof FLAGS>): Promise<Result> {
  const request = { scope, ...(limit === undefined ? {} : { limit: Number(limit) }) };
  const document = await bus.ask('signing.history', request);
  for (const each of document.dropped) terminal.note(droppedText(each));
  return { text: tableOf(document.transitions, channelOf(scope) !== undefined), document };
}

const droppedText = ({ key_id: keyId, percent, asked_by: by, dropped_at: at, reason }: DroppedPromotion): string =>
  `not rotated to ${keyId}, which ${by} asked for at ${percent} %: dropped at ${utc(at)}, ${reason}`;

const tableOf = (transitions: readonly TransitionSummary[], isChannel: boolean): Table => ({
  columns: [
    'ID',
    'OLD_KEY_ID',
    'NEW_KEY_ID',
    'OPENED_AT',
    ...(isChannel ? ['ACTIVATED_AT'] : []),
    'OPENED_BY',
    'OUTCOME',
    'ENDED_AT',
    'ENDED_BY',
    'FORCED',
    'REASON',
    'END_REASON',
  ],
  rows: transitions.map((transition) => [
    ...[transition.id, transition.old_key_id, transition.new_key_id, utc(transition.opened_at)],
    ...(isChannel ? [orDash(transition.activated_at && utc(transition.activated_at))] : []),
    ...[
      transition.opened_by,
      transition.outcome,
      orDash(transition.ended_at && utc(transition.ended_at)),
      orDash(transition.ended_by),
    ],
    ...[orDash(transition.forced.join(', ') || null), orDash(transition.reason), orDash(transition.end_reason)],
  ]),
});
