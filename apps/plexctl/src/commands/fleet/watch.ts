import { command } from '../../command';
import { followFleet } from './follow-fleet';
import { RUN_FLAGS } from './run-flag';

export const watchFleet = command({
  path: ['edge', 'fleet', 'watch'],
  about: `Shows what edge fleet keys rotate shows, from the run's beginning on, until it has ended or halted. The exit code is 0
    only if every Node has rotated. With --output json each wave, each change of a Node and the summary is a document a line.`,
  flags: RUN_FLAGS,
  operand: 'run',
  examples: [
    'plexctl edge fleet watch 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1',
    'plexctl edge fleet watch 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --output json',
  ],
  asks: 'bus',
  onBus: 'fleet.watch',

  run: (invocation) => followFleet(invocation, invocation.flags.run),
});
