import type { EdgeObserver } from '@plexsphere/edge';
import { command } from '../../command';
import { Failure } from '../../failure';
import { notes, showTo } from '../node/sightings';
import { explained } from './edge-failure';
import { folderOf, STATE_FLAGS } from './state-flag';

export const runAgent = command({
  path: ['edge', 'run'],
  about: `Does what the edge agent does as a service: keeps the Node's stream and its token, changes its key when the policy wants
    another one, a fleet run or plexctl edge keys rotate has it do so, deletes old keys when their time is over, and answers these
    commands. Prints whom the Node trusts, each event once it is verified, and each change of its key; with --output json a
    document a line.

    What is printed is acknowledged. One agent at a time has the folder.`,
  flags: STATE_FLAGS,
  examples: ['plexctl edge run', 'plexctl edge run --state ~/edge --output json'],
  asks: 'nobody',

  async run({ flags: { state }, output, terminal, interrupted }) {
    const { edgeSightings, hostAgent, openEdgeAgent } = await import('@plexsphere/edge');
    const folder = folderOf(state);
    const stop = new AbortController();
    let over: string | undefined;
    const sightings = edgeSightings(showTo(terminal, output, () => stop.abort()));
    const onOver: EdgeObserver['onOver'] = (told) => {
      sightings.onOver?.(told);
      over = told.status;
      stop.abort();
    };
    const opened = openEdgeAgent({ folder, logger: notes(terminal), ...sightings, onOver });
    const { handler } = sightings;
    const ended = AbortSignal.any([interrupted(), stop.signal]);
    await explained(opened.then((agent) => hostAgent(agent, { folder, handler, stop: ended })));
    if (over !== undefined) throw outOf(over);
    return undefined;
  },
});

/** As of every credential that is not, or no more, accepted. */
const outOf = (status: string): Failure =>
  new Failure(77, `the Node is ${status}`, {}, 'plexctl edge enroll --replace, with a new token, makes another Node');
