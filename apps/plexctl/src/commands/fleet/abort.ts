import { command } from '../../command';
import { runTable } from './fleet-lines';
import { RUN_FLAGS } from './run-flag';

export const abortFleet = command({
  path: ['edge', 'fleet', 'abort'],
  about: `Ends a run that is under way or has halted: its Nodes that have neither rotated nor failed are skipped. One that was
    about to change its key may do so all the same, and works by its new key then: edge list shows the generation of each.`,
  flags: RUN_FLAGS,
  operand: 'run',
  examples: ['plexctl edge fleet abort 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1'],
  asks: 'bus',
  onBus: 'fleet.abort',

  async run({ flags: { run }, bus }) {
    const document = await bus.change(
      'fleet.abort',
      { run },
      `plexctl edge fleet show ${run} shows whether it has ended`,
    );
    return { text: runTable([document]), document };
  },
});
