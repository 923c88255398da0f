import { domainScope } from '@plexsphere/wire';
import { command } from '../../command';
import { utc } from '../../render';
import { PLAN_FLAG, UUID_FLAG } from '../flag-definitions';

export const removeDomain = command({
  path: ['domain', 'remove'],
  about: `Removes the ring of the scope domain:<id>: nobody signs or verifies by it any more, nothing names it, and the
    private halves of its keys are destroyed. There is no way back, and no other Domain can have this id again.

    Refused while Nodes are enrolled, while a rotation is open, and while a key beside the active one is still told of or
    settles: signing: domain in use. plexctl audit list --scope domain:<id> still tells what was.

    With --plan it changes nothing: it shows what keeps the Domain, and exits 1 where something would block it.`,
  flags: { id: { ...UUID_FLAG, summary: 'of the Domain, in lower case', required: true }, plan: PLAN_FLAG },
  examples: [
    'plexctl domain remove --id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --plan',
    'plexctl domain remove --id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1',
  ],
  asks: 'bus',

  async run({ flags: { id, plan }, bus, terminal }) {
    if (plan) {
      const { removalPlan } = await import('./removal-plan');
      return removalPlan(await bus.ask('domain.plan-remove', { id }));
    }
    const ifUnknown = `plexctl audit list --scope ${domainScope(id)} --action domain.remove shows whether it is removed`;
    const document = await bus.change('domain.remove', { id }, ifUnknown);
    const { scope, key_id, epoch, removed_at, lapsed, keys_destroyed } = document;
    if (lapsed.length > 0)
      terminal.note(`did not say that they have dropped it, and can no longer: ${lapsed.join(', ')}`);
    if (!keys_destroyed) terminal.note('the private halves are not destroyed yet: they will be once a signer is there');
    return {
      text: {
        columns: ['SCOPE', 'KEY_ID', 'EPOCH', 'REMOVED_AT'],
        rows: [[scope, key_id, String(epoch), utc(removed_at)]],
      },
      document,
    };
  },
});
