import { command, type Invocation } from '../../command';
import { checkRecoveryFlags, openKey, RECOVERY_FLAGS, type RecoveryFlags } from '../../recovery/recovery-key';
import { PLAN_FLAG, REASON_FLAG, SCOPE_FLAG } from '../flag-definitions';
import { changedResult, noteChanged } from './changed';
import { noteRecoveryUsed } from './recovery-used';

export const recommit = command({
  path: ['signing', 'recommit'],
  about: `Each statement of a ring names the hash of the key that comes after it, which is made ahead. Where that key does
    not open any more (signing: next key unavailable), or somebody else may have it, this makes another and commits to its
    hash. No key changes, no Node waits for it, and it may be done at any time.

    The hash that it shows is what a signer says: it cannot be checked before that key comes in.

    The platform key vouches for it; for the platform itself the recovery key does: --recovery-key.`,
  flags: { scope: SCOPE_FLAG, reason: { ...REASON_FLAG, required: true }, ...RECOVERY_FLAGS, plan: PLAN_FLAG },
  examples: [
    'plexctl signing recommit --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --reason restored',
    'plexctl signing recommit --scope platform --reason restored --recovery-key recovery-key.json',
  ],
  asks: 'bus',

  check(flags) {
    checkRecoveryFlags(flags, 'recommit');
  },

  async run(invocation) {
    const { flags, bus, terminal } = invocation;
    const { scope, reason } = flags;
    if (flags.plan) {
      const { changePlan } = await import('./change-plan');
      return changePlan(await bus.ask('signing.plan-change', { scope, change: 'recommit' }));
    }
    const statement = flags['recovery-key'] === undefined ? undefined : await byRecoveryKey(invocation, flags);
    const ifUnknown = `plexctl audit list --scope ${scope} --action signing.recommit shows whether it is done`;
    const reply = await bus.change('signing.recommit', { scope, reason, ...(statement && { statement }) }, ifUnknown);
    noteChanged(reply, terminal);
    if (statement === undefined)
      terminal.note(`the key ahead has the hash ${reply.next}, which a signer says and nobody can check`);
    else noteRecoveryUsed(terminal);
    return changedResult(reply, ['scope', 'active_key_id', 'epoch', 'next']);
  },
});

async function byRecoveryKey(invocation: Invocation, flags: RecoveryFlags & { scope: string }): Promise<string> {
  const { vouch } = await import('../../recovery/vouch');
  const ring = await invocation.bus.ask('signing.ring', { scope: flags.scope });
  const active = ring.keys.find(({ state }) => state === 'active')?.key_id ?? '';
  const key = await openKey(flags, invocation);
  return vouch(invocation, key, {
    ...{ type: 'recommit', ring, oldKeyId: active, newKeyId: active, introduces: false, request: {} },
  });
}
