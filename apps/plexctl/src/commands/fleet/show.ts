import type { FleetStep } from '@plexsphere/wire/commands';
import { command, type Bus } from '../../command';
import { table } from '../../render';
import { runLines, stepTable } from './fleet-lines';
import { RUN_FLAGS } from './run-flag';

export const showFleet = command({
  path: ['edge', 'fleet', 'show'],
  about: `Shows how a fleet run was ordered, how far it has come, and each of its Nodes: waiting for its wave, ordered, rotated
    (its new key is confirmed), failed or skipped, and why.`,
  flags: RUN_FLAGS,
  operand: 'run',
  examples: ['plexctl edge fleet show 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1'],
  asks: 'bus',
  onBus: 'fleet.show',

  async run({ flags: { run }, bus }) {
    const { next, ...shown } = await bus.ask('fleet.show', { run });
    const steps = [...shown.steps, ...(await stepsBehind(bus, run, next))];
    return {
      text: `${runLines(shown).join('\n')}\n\n${table(stepTable(steps)).trimEnd()}`,
      document: { ...shown, steps },
    };
  },
});

async function stepsBehind(bus: Bus, run: string, from: string | undefined): Promise<FleetStep[]> {
  const steps: FleetStep[] = [];
  for (let after = from; after !== undefined;) {
    const page = await bus.ask('fleet.show', { run, after });
    steps.push(...page.steps);
    after = page.next;
  }
  return steps;
}
