import { PLATFORM } from '@plexsphere/wire';
import type { ChannelRingView, PlanChangeReply, RollbackReply } from '@plexsphere/wire/commands';
import { command, type Invocation } from '../../command';
import { refuseAs } from '../../refusal';
import { orDash } from '../../layout';
import { utc, type Result } from '../../render';
import { listed } from '../../terminal';
import { hintFor } from '../../hints';
import {
  checkRecoveryFlags,
  openKey,
  refuseRecoveryFlags,
  RECOVERY_FLAGS,
  type RecoveryFlags,
} from '../../recovery/recovery-key';
import { BothDirections, checkRequestId, inEachDirection, isBoth, REQUEST_ID_FLAG } from '../channel/each-direction';
import { PLAN_FLAG, REASON_FLAG, RINGS_FLAG } from '../flag-definitions';
import { changedResult, noteChanged } from './changed';
import { rolledBackText } from './key-lines';

const FLAGS = {
  scope: RINGS_FLAG,
  reason: REASON_FLAG,
  ...RECOVERY_FLAGS,
  plan: PLAN_FLAG,
  ...REQUEST_ID_FLAG,
} as const;

type RollbackInvocation = Invocation<typeof FLAGS>;

export const rollback = command({
  path: ['signing', 'rollback'],
  about: `Ends the open rotation the other way round: the old key signs again, and the new one verifies what it has signed
    until settles_at, then it retires. Until then no other key comes in: signing: rollback settling. Of an issuer others
    may, and it retires sooner where its last token ends sooner. After a close there is no way back: rotate to another
    key.

    A rotation of the platform is rolled back by its new key; where no signer can sign by that one any more, by the
    recovery key: --recovery-key.

    Of a channel whose new key is staged so far that key is gone at once: nobody has signed by it. Later, the new key
    verifies until every member that signs has switched back, and 5 minutes more, until settles_at at most. channel:<slug>
    rolls both directions back: a row each, as JSON and YAML an array, and the worse exit code. One that is rolled back
    already stays so.`,
  flags: FLAGS,
  examples: [
    'plexctl signing rollback --scope platform --plan',
    'plexctl signing rollback --scope platform --reason refused-by-some',
    'plexctl signing rollback --scope channel:payments --reason one-side-refuses',
  ],
  asks: 'bus',

  check(flags) {
    if (!isBoth(flags.scope)) checkRecoveryFlags(flags, 'rollback');
    else refuseRecoveryFlags(flags);
    checkRequestId(flags);
  },

  async run(invocation) {
    const { plan, scope } = invocation.flags;
    const run = plan ? planOne : rollBackOne;
    if (!isBoth(scope)) return run(invocation);
    if (plan) return inEachDirection(invocation, FLAGS, run);
    const both = new BothDirections(invocation, FLAGS);
    const directions = await both.directions();
    // Where none is open, the service says so.
    const isOneOpen = directions.some(({ ring }) => ring.phase !== 'rolled_back');
    return both.result(
      await both.each(directions, async ({ ring, invocation: own }) =>
        ring.phase === 'rolled_back' && isOneOpen ? rolledBackBefore(ring, own) : run(own),
      ),
    );
  },
});

async function planOne({ flags: { scope }, bus }: RollbackInvocation): Promise<Result> {
  const { changePlan } = await import('./change-plan');
  return changePlan(await bus.ask('signing.plan-change', { scope, change: 'rollback' }));
}

async function rollBackOne(invocation: RollbackInvocation): Promise<Result> {
  const { flags, bus, terminal } = invocation;
  const { scope, reason } = flags;
  const statement = flags['recovery-key'] === undefined ? undefined : await byRecoveryKey(invocation, flags);
  const request = {
    scope,
    ...(reason === undefined ? {} : { reason }),
    ...(statement === undefined ? {} : { statement }),
  };
  const ifUnknown = `plexctl signing history --scope ${scope} --limit 1 shows rolled_back if it is`;
  const reply = await bus.change('signing.rollback', request, ifUnknown);
  noteChanged(reply, terminal);
  terminal.note(settlesText(reply));
  return changedResult(reply, SHOWN);
}

/** Of a channel where nobody signed by it nobody has to switch back. */
function settlesText({ scope, new_key_id: keyId, settles_at: at, waiting_for: waitingFor }: RollbackReply): string {
  if (waitingFor?.length === 0) return `${keyId} is gone: nobody has signed by it`;
  const until = `${keyId} verifies what it has signed until ${utc(at)}${rolledBackText(scope)}`;
  return waitingFor === undefined ? until : `${until}; so far waited for: ${listed(waitingFor)}`;
}

const SHOWN = ['scope', 'old_key_id', 'new_key_id', 'outcome', 'settles_at'] as const;

/** Who repeats the command, since the other direction was refused, finds this one as it was to be. */
function rolledBackBefore(
  { scope, old_key_id, new_key_id, epoch, active_key_id }: ChannelRingView,
  { terminal }: RollbackInvocation,
): Result {
  terminal.note('rolled back before');
  const shown = { scope, old_key_id, new_key_id, outcome: 'rolled_back', settles_at: null };
  const cells = Object.values(shown).map((value) => orDash(value));
  return {
    text: { columns: SHOWN.map((name) => name.toUpperCase()), rows: [cells] },
    document: { ...shown, epoch, active_key_id, already_rolled_back: true },
  };
}

/** What the database's clock moves on by until it is prepared. */
const BETWEEN_MS = 300_000;

async function byRecoveryKey(invocation: Invocation, flags: RecoveryFlags): Promise<string> {
  const { bus } = invocation;
  const { vouch } = await import('../../recovery/vouch');
  const ring = await bus.ask('signing.ring', { scope: PLATFORM });
  const plan = await bus.ask('signing.plan-change', { scope: PLATFORM, change: 'rollback' });
  const { oldKeyId, newKeyId, expiresMs } = decided(plan);
  const key = await openKey(flags, invocation);
  const expiresBefore = new Date(expiresMs + BETWEEN_MS);
  return vouch(invocation, key, {
    ...{ type: 'rollback', ring, oldKeyId, newKeyId, introduces: false, expiresBefore, request: {} },
  });
}

function decided(plan: PlanChangeReply): { oldKeyId: string; newKeyId: string; expiresMs: number } {
  const { active_key_id: oldKeyId, signs_afterwards: newKeyId, transition_expires: expires } = plan;
  if (oldKeyId !== null && newKeyId !== null && expires !== null)
    return { oldKeyId, newKeyId, expiresMs: Date.parse(expires) };
  const hint = hintFor('signing: no open rotation', PLATFORM);
  throw refuseAs('noOpenRotation', { blocked_by: plan.blocked_by }, hint === undefined ? {} : { hint });
}
