import type { CloseReply } from '@plexsphere/wire/commands';
import { command, type Invocation } from '../../command';
import { misuse } from '../../failure';
import { catchUp, plural } from '../../layout';
import { oneRow, span, utc, type Result } from '../../render';
import { listed, type Terminal } from '../../terminal';
import { closedBefore, requireSameKeys } from '../channel/close-both';
import { BothDirections, checkRequestId, inEachDirection, isBoth, REQUEST_ID_FLAG } from '../channel/each-direction';
import { keyIdFlag, PLAN_FLAG, RINGS_FLAG } from '../flag-definitions';
import { noteLapsed } from './rotate-one';

const FLAGS = {
  scope: RINGS_FLAG,
  old: { ...keyIdFlag('old_key_id', 'the key to retire'), unless: 'plan' },
  new: { ...keyIdFlag('new_key_id', 'the key that stays'), unless: 'plan' },
  force: {
    summary: 'close although Nodes lag, tokens live, or the old key is in use (admins only; the audit log records it)',
  },
  plan: PLAN_FLAG,
  ...REQUEST_ID_FLAG,
} as const;

export const close = command({
  path: ['signing', 'close'],
  about: `Ends the open rotation from --old to --new: the old key verifies no more, nothing names it, and its private
    half is destroyed. There is no way back.

    Before closes_at this is refused while Nodes lag: signing: nodes lagging. After closes_at it is not, and the Nodes
    that lag are named on stderr. Of an issuer it is refused while tokens by the old key live: signing: signatures
    outstanding, with the time left.

    Of a channel it is refused while its key does not sign (signing: not active yet), and before closes_at while members that
    sign have not switched (signing: nodes lagging) or somebody still verifies by the old key alone (signing: old key in
    use). channel:<slug> closes both directions where --old and --new are the same in both, and else closes neither and names
    what to run for each: a row each, as JSON and YAML an array, and the worse exit code. One that is closed already stays so.

    With --plan it changes nothing: it shows what would be retired, who lags, and the earliest close without --force, and
    exits 1 where something would block it. It needs no --old and no --new.`,
  flags: FLAGS,
  examples: [
    'plexctl signing close --scope platform --plan',
    'plexctl signing close --scope platform --old platform-2026-04 --new platform-2026-05',
    'plexctl signing close --scope channel:payments --old key-20260501 --new key-20260801',
  ],
  asks: 'bus',

  check(flags) {
    const { plan, force } = flags;
    if (plan && force) throw misuse('--plan and --force exclude each other', 'plan', 'a plan shows what would block');
    checkRequestId(flags);
  },

  async run(invocation) {
    const { scope, plan, old, new: kept } = invocation.flags;
    if (plan || old === undefined || kept === undefined)
      return isBoth(scope) ? inEachDirection(invocation, FLAGS, planOne) : planOne(invocation);
    if (!isBoth(scope)) return closeOne({ scope, old_key_id: old, new_key_id: kept }, invocation);
    const both = new BothDirections(invocation, FLAGS);
    const directions = await both.directions();
    const keys = { old_key_id: old, new_key_id: kept };
    requireSameKeys(
      directions.map(({ ring }) => ring),
      keys,
    );
    return both.result(
      await both.each(directions, async ({ ring, invocation: own }) =>
        ring.phase === 'closed' ? closedBefore(ring, own) : closeOne({ scope: ring.scope, ...keys }, own),
      ),
    );
  },
});

type CloseInvocation = Invocation<typeof FLAGS>;

async function planOne({ flags: { scope, old, new: kept }, bus }: CloseInvocation): Promise<Result> {
  const { closePlan } = await import('./plan');
  const keys = { ...(old && { old_key_id: old }), ...(kept && { new_key_id: kept }) };
  return closePlan(await bus.ask('signing.plan-close', { scope, ...keys }));
}

interface Triple {
  scope: string;
  old_key_id: string;
  new_key_id: string;
}

async function closeOne(triple: Triple, { flags: { force }, bus, terminal }: CloseInvocation): Promise<Result> {
  const { scope, old_key_id: old } = triple;
  const ifUnknown = `plexctl signing status --scope ${scope} shows no open rotation, and ${old} no more, if it is closed`;
  const reply = await bus.change('signing.close', { ...triple, ...(force ? { force: true } : {}) }, ifUnknown);
  noteClose(reply, terminal);
  return resultOf(triple, reply);
}

function noteClose(reply: CloseReply, terminal: Terminal): void {
  const { early_by_seconds: early = 0, lagging = [], pending = [], domain_nodes: domains } = reply;
  if (early > 0) terminal.note(`closed ${span(early)} before closes_at`);
  const { outstanding_until: until } = reply;
  if (until !== undefined)
    terminal.note(`tokens by ${reply.old_key_id} would have lived until ${utc(until)}: they fail from now on`);
  if (lagging.length > 0) terminal.note(`lagging, they catch up when they come back: ${listed(lagging)}`);
  if (pending.length > 0) terminal.note(`pending, never seen so far: ${listed(pending)}`);
  if (domains !== undefined && domains.lagging_count > 0) {
    const count = plural(domains.lagging_count, 'Node');
    terminal.note(`${count} of Domains lag behind the platform; ${catchUp(domains.lagging_count)}`);
  }
  noteLapsed(reply, terminal);
}

/** The triple is that of the command line: the transcript records which keys were meant. */
function resultOf(triple: { scope: string; old_key_id: string; new_key_id: string }, reply: CloseReply): Result {
  // opened_at is not in the reply as of now; where a service adds it, it stands where rotate has it.
  const { opened_at, closes_at, closed_at, ...more }: CloseReply & { opened_at?: string } = reply;
  const times = {
    ...(opened_at === undefined ? {} : { opened_at: utc(opened_at) }),
    closes_at: utc(closes_at),
    closed_at: utc(closed_at),
  };
  return { text: oneRow(triple), document: { ...triple, ...times, ...more, ...triple } };
}
