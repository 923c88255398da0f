import type { FleetRun } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { runTable } from './fleet-lines';

/** More than a screen, and few enough that nobody waits. */
const USUAL = 20;
const MOST = 1_000;

export const listFleets = command({
  path: ['edge', 'fleet', 'list'],
  about: `Lists the fleet runs whose Nodes you may all command. A run is kept for 90 days after its end.`,
  flags: {
    limit: {
      value: 'count',
      summary: `at most so many (default: ${USUAL})`,
      accepts: (text: string): boolean => /^[1-9]\d{0,3}$/.test(text) && Number(text) <= MOST,
      expected: `a number from 1 to ${MOST}`,
    },
  },
  examples: ['plexctl edge fleet list', 'plexctl edge fleet list --limit 100 --output json'],
  asks: 'bus',
  onBus: 'fleet.list',

  async run({ flags: { limit }, bus, terminal }) {
    const wanted = limit === undefined ? USUAL : Number(limit);
    const runs: FleetRun[] = [];
    let after: string | undefined;
    do {
      const page = await bus.ask('fleet.list', after === undefined ? {} : { after });
      runs.push(...page.runs);
      after = page.next;
    } while (after !== undefined && runs.length < wanted);
    const shown = runs.slice(0, wanted);
    if (after !== undefined || runs.length > shown.length) terminal.note('there are more: name a greater --limit');
    return { text: runTable(shown), document: { runs: shown } };
  },
});
