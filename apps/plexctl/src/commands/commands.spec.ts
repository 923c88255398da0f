import { COMMAND_NAMES as ON_THE_BUS } from '@plexsphere/wire';
import type { Invocation } from '../command';
import { check } from '../check-flags';
import { leadingWords, parse } from '../flags';
import { usageOf, usageOfCommand } from '../usage';
import { COMMANDS, findCommand, loadAll } from '.';
import { SUMMARIES } from './summaries';

/** The part of an example that is plexctl's: without what is piped in, redirected, or set for it. */
const argsOf = (example: string): string[] =>
  example
    .replace(/^.*?\bplexctl /, '')
    .replace(/\s*(<?\/?[<>|].*|\))$/, '')
    .split(' ');

describe.each(Object.entries(COMMANDS))('plexctl %s', (name, load) => {
  it('is found by its own words', async () => {
    const command = await load();
    expect(command.path.join(' ')).toBe(name);
    expect(await findCommand([...command.path, 'more'])).toBe(command);
  });

  it('shows every flag in its help', async () => {
    const command = await load();
    const usage = usageOfCommand(command);
    for (const flag of Object.keys(command.flags)) expect(usage).toContain(`--${flag}`);
  });

  it('has examples that it accepts itself', async () => {
    const command = await load();
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) {
      const args = argsOf(example);
      expect(await findCommand(leadingWords(args))).toBe(command);
      const line = parse(args, command);
      expect(line.refusal).toBeUndefined();
      expect(() => check(command.flags, line.flags)).not.toThrow();
      expect(() => command.check?.(line.flags as Invocation['flags'])).not.toThrow();
    }
  });
});

describe('the commands', () => {
  it('have a summary each, in the same order, and nothing else has one', () => {
    expect(Object.keys(SUMMARIES)).toEqual(Object.keys(COMMANDS));
  });

  it('are all in the help', () => {
    const usage = usageOf([]);
    for (const name of Object.keys(COMMANDS)) expect(usage).toContain(name);
  });

  it('go by the same names on the bus', async () => {
    // What asks the bus on request only does its own work with the answer; so does what judges what another command shows.
    const asking = (await loadAll())
      .filter(({ asks, asksNobody }) => asks === 'bus' && asksNobody === undefined)
      .map(({ path, onBus }) => onBus ?? path.join('.'))
      .filter((name) => name !== 'channel.verify');
    expect(ON_THE_BUS).toEqual(expect.arrayContaining(asking));
  });
});
