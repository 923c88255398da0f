import { command } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { utc } from '../../render';
import { keyIdFlag, PLAN_FLAG, REASON_FLAG, SCOPE_FLAG } from '../flag-definitions';
import { changedResult, noteChanged } from './changed';

export const stage = command({
  path: ['signing', 'stage'],
  about: `Makes the key --new-key-id in this scope and tells it to the Nodes, which verify by it from then on; the active
    key goes on signing. plexctl signing rotate with the same key id has it sign, once it has propagated (propagated_at) and
    before rotate_by: then no Node ever meets a key that it does not know. plexctl signing unstage takes it back; past
    rotate_by it is taken back by itself.

    Refused while a rotation is open or a rollback settles, and where a key is staged already.`,
  flags: {
    scope: SCOPE_FLAG,
    'new-key-id': keyIdFlag('new_key_id', 'the key to publish; never used in this scope before'),
    'rotate-by': {
      ...durationUpTo('366d'),
      member: 'rotate_within_seconds',
      summary: 'how long from now it may be rotated to (default: 7d)',
    },
    reason: REASON_FLAG,
    plan: PLAN_FLAG,
  },
  examples: [
    'plexctl signing stage --scope platform --new-key-id platform-2026-06 --plan',
    'plexctl signing stage --scope platform --new-key-id platform-2026-06 --rotate-by 14d',
  ],
  asks: 'bus',

  async run({ flags: { scope, reason, plan, ...flags }, bus, terminal }) {
    const newKeyId = flags['new-key-id'];
    const within = secondsOf(flags['rotate-by'] ?? '');
    const asked = { scope, new_key_id: newKeyId, ...(within === undefined ? {} : { rotate_within_seconds: within }) };
    if (plan) {
      const { changePlan } = await import('./change-plan');
      return changePlan(await bus.ask('signing.plan-change', { ...asked, change: 'stage' }), { keyId: newKeyId });
    }
    const request = { ...asked, ...(reason === undefined ? {} : { reason }) };
    const ifUnknown = `plexctl signing status --scope ${scope} shows ${newKeyId} staged if it is`;
    const reply = await bus.change('signing.stage', request, ifUnknown);
    noteChanged(reply, terminal);
    terminal.note(
      `from ${utc(reply.propagated_at)} on: plexctl signing rotate --scope ${scope} --new-key-id ${reply.staged_key_id}`,
    );
    return changedResult(reply, [
      'scope',
      'staged_key_id',
      'staged_at',
      'propagated_at',
      'rotate_by',
      'transition_expires',
    ]);
  },
});
