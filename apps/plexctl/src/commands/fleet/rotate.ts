import { command } from '../../command';
import { PLAN_FLAG, REASON_FLAG } from '../flag-definitions';
import { followFleet } from './follow-fleet';
import { ORDER_FLAGS, orderOf } from './order-flags';
import { planLines, runTable } from './fleet-lines';

export const rotateFleet = command({
  path: ['edge', 'fleet', 'keys', 'rotate'],
  about: `Begins a fleet run and shows how it goes, until it has ended or halted. Each Node of a wave is told to change its Node
    key; the next wave begins once all of it have confirmed their new keys, or failed. Whoever is away finds the order when
    it comes back, before the deadline. Nodes without a Node key (over HTTP, or not adopted by edge enroll) take no part.

    The Nodes of a run are fixed when it begins, and it goes on without this command: Ctrl-C ends the watching alone. With
    stop-after=<count> no further wave begins once one more Node than that has failed; fail-fast is stop-after=0. A wave that
    is under way ends. The exit code is 0 only if every Node has rotated.

    bash takes parentheses for its own: write tags.any=a,b, or quote 'tags=AnyOf(a,b)'.`,
  flags: {
    ...ORDER_FLAGS,
    reason: REASON_FLAG,
    'no-wait': { summary: 'begin it, and do not wait for its end' },
    plan: PLAN_FLAG,
  },
  examples: [
    'plexctl edge fleet keys rotate --target tags.any=potentially-affected,prod --mode rolling=5 --deadline 60s',
    'plexctl edge fleet keys rotate --target all --plan',
    'plexctl edge fleet keys rotate --target domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --on-error stop-after=3',
  ],
  asks: 'bus',
  onBus: 'fleet.rotate',

  async run(invocation) {
    const { flags, bus, terminal } = invocation;
    const order = orderOf(flags);
    if (flags.plan) {
      const document = await bus.ask('fleet.plan', order);
      return { text: planLines(document).join('\n'), document };
    }
    if (order.on_error === 'fail-fast')
      terminal.note('one Node that is away halts the run; stop-after=<count> has patience');
    const ifUnknown = 'plexctl edge fleet list shows whether it has begun';
    const request = { ...order, ...(flags.reason === undefined ? {} : { reason: flags.reason }) };
    const begun = await bus.change('fleet.rotate', request, ifUnknown);
    if (!flags['no-wait']) return followFleet(invocation, begun.run);
    terminal.note(`plexctl edge fleet watch ${begun.run} shows how it goes`);
    return { text: runTable([begun]), document: begun };
  },
});
