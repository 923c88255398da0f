import { command } from '../../command';
import { runTable } from './fleet-lines';
import { RUN_FLAGS } from './run-flag';

export const resumeFleet = command({
  path: ['edge', 'fleet', 'resume'],
  about: `Goes on with the next wave. What has failed stays so, and counts no more towards the next halt: have those Nodes
    change their keys on their hosts, or by another run.`,
  flags: RUN_FLAGS,
  operand: 'run',
  examples: ['plexctl edge fleet resume 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1'],
  asks: 'bus',
  onBus: 'fleet.resume',

  async run({ flags: { run }, bus, terminal }) {
    const ifUnknown = `plexctl edge fleet show ${run} shows whether it goes on`;
    const document = await bus.change('fleet.resume', { run }, ifUnknown);
    terminal.note(`plexctl edge fleet watch ${run} shows how it goes`);
    return { text: runTable([document]), document };
  },
});
