import { command } from '../../command';
import { keyIdFlag, PLAN_FLAG, REASON_FLAG, SCOPE_FLAG } from '../flag-definitions';
import { changedResult, noteChanged } from './changed';

export const unstage = command({
  path: ['signing', 'unstage'],
  about: `Takes back the key that is staged: it retires without having signed, no Node trusts it any more, and its private
    half is destroyed. The active key goes on signing. Where the staged key is suspect, plexctl signing revoke throws it out.`,
  flags: {
    scope: SCOPE_FLAG,
    'key-id': {
      ...keyIdFlag('key_id', 'the staged key, to make sure that it is this one (default: whichever is staged)'),
      required: false,
    },
    reason: REASON_FLAG,
    plan: PLAN_FLAG,
  },
  examples: [
    'plexctl signing unstage --scope platform --plan',
    'plexctl signing unstage --scope platform --key-id platform-2026-06',
  ],
  asks: 'bus',

  async run({ flags: { scope, reason, plan, 'key-id': keyId }, bus, terminal }) {
    const asked = { scope, ...(keyId === undefined ? {} : { key_id: keyId }) };
    if (plan) {
      const { changePlan } = await import('./change-plan');
      return changePlan(await bus.ask('signing.plan-change', { ...asked, change: 'unstage' }), { keyId });
    }
    const ifUnknown = `plexctl signing status --scope ${scope} shows no staged key if it is taken back`;
    const reply = await bus.change(
      'signing.unstage',
      { ...asked, ...(reason === undefined ? {} : { reason }) },
      ifUnknown,
    );
    noteChanged(reply, terminal);
    return changedResult(reply, ['scope', 'unstaged_key_id', 'active_key_id', 'epoch']);
  },
});
