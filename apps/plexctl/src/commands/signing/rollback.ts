import { PLATFORM } from '@plexsphere/wire';
import type { PlanChangeReply } from '@plexsphere/wire/commands';
import { command, type Invocation } from '../../command';
import { refuseAs } from '../../failure';
import { utc } from '../../render';
import { hintFor } from '../../hints';
import { checkRecoveryFlags, openKey, RECOVERY_FLAGS, type RecoveryFlags } from '../../recovery/recovery-key';
import { PLAN_FLAG, REASON_FLAG, SCOPE_FLAG } from '../flag-definitions';
import { changedResult, noteChanged } from './changed';
import { rolledBackText } from './key-lines';

export const rollback = command({
  path: ['signing', 'rollback'],
  summary: 'undo an open rotation: the old key signs again',
  about: `Ends the open rotation the other way round: the old key signs again, and the new one verifies what it has signed
    until settles_at, then it retires. Until then no other key comes in: signing: rollback settling. Of an issuer others
    may, and it retires sooner where its last token ends sooner. After a close there is no way back: rotate to another
    key.

    A rotation of the platform is rolled back by its new key; where no signer can sign by that one any more, by the
    recovery key: --recovery-key.`,
  flags: { scope: SCOPE_FLAG, reason: REASON_FLAG, ...RECOVERY_FLAGS, plan: PLAN_FLAG },
  examples: [
    'plexctl signing rollback --scope platform --plan',
    'plexctl signing rollback --scope platform --reason refused-by-some',
  ],
  asks: 'bus',

  check(flags) {
    checkRecoveryFlags(flags, 'rollback');
  },

  async run(invocation) {
    const { flags, bus, terminal } = invocation;
    const { scope, reason } = flags;
    if (flags.plan) {
      const { changePlan } = await import('./change-plan');
      return changePlan(await bus.ask('signing.plan-change', { scope, change: 'rollback' }));
    }
    const statement = flags['recovery-key'] === undefined ? undefined : await byRecoveryKey(invocation, flags);
    const request = {
      scope,
      ...(reason === undefined ? {} : { reason }),
      ...(statement === undefined ? {} : { statement }),
    };
    const ifUnknown = `plexctl signing history --scope ${scope} --limit 1 shows rolled_back if it is`;
    const reply = await bus.change('signing.rollback', request, ifUnknown);
    noteChanged(reply, terminal);
    terminal.note(
      `${reply.new_key_id} verifies what it has signed until ${utc(reply.settles_at)}${rolledBackText(scope)}`,
    );
    return changedResult(reply, ['scope', 'old_key_id', 'new_key_id', 'outcome', 'settles_at']);
  },
});

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
