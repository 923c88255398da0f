import type { Command, Flag, Flags } from './command';
import { SUMMARIES } from './commands/summaries';
import { EXIT_CODES } from './exit-code';
import { PERSISTENT_FLAGS } from './persistent-flags';

/** All help texts, made from the definitions of the commands: there is no second description of a flag anywhere. */

const WIDTH = 110;

/** Of the commands below `words`: all of them for no words, those of a noun for one. */
export function usageOf(words: readonly string[]): string {
  const below = Object.entries(SUMMARIES).filter(([name]) => isBelow(name.split(' '), words));
  const name = ['plexctl', ...words].join(' ');
  return [
    `Usage:\n  ${name} ${words.length === 0 ? '<command>' : '<verb>'} [flags]\n`,
    section('Commands:', below),
    words.length === 0 ? flagSection('Flags of every command:', PERSISTENT_FLAGS) : '',
    words.length === 0 ? exitCodes() : '',
    `plexctl ${words.length === 0 ? '<command>' : `${words.join(' ')} <verb>`} --help says more.\n`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const isBelow = (path: readonly string[], words: readonly string[]): boolean =>
  words.every((word, index) => path[index] === word);

export const synopsisOf = ({ path, flags, operand }: Command): string =>
  ['plexctl', ...path, ...inSynopsis(flags, operand), '[flags]'].join(' ');

/** A bare word stands first. */
function inSynopsis(flags: Flags, operand: string | undefined): string[] {
  const bare = operand === undefined ? undefined : flags[operand];
  const word = bare === undefined ? [] : [isRequired(bare) ? `<${operand}>` : `[<${operand}>]`];
  const others = Object.entries(flags).filter(([name]) => name !== operand);
  return [...word, ...others.map(synopsis)];
}

const isRequired = (flag: Flag): boolean => 'required' in flag && flag.required === true;

export function usageOfCommand(command: Command): string {
  const { about, flags, examples } = command;
  return [
    `Usage:\n  ${synopsisOf(command)}\n`,
    `${wrap(about)}\n`,
    flagSection('Flags:', flags),
    flagSection('Flags of every command:', PERSISTENT_FLAGS),
    `Examples:\n${examples.map((example) => `  $ ${example}\n`).join('')}`,
    exitCodes(),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function synopsis([name, flag]: [string, Flag]): string {
  if (!('value' in flag)) return `[--${name}]`;
  const text = `--${name} <${flag.value}>`;
  const one = flag.required === true ? text : `[${text}]`;
  return flag.repeatable === true ? `${one}...` : one;
}

const flagSection = (title: string, flags: Flags): string =>
  section(
    title,
    Object.entries(flags).map(([name, flag]) => [
      `--${name}${'value' in flag ? ` <${flag.value}>` : ''}`,
      summaryOf(flag),
    ]),
  );

/** What a flag is for, and whether it can be left out. */
export function summaryOf(flag: Flag): string {
  if (!('required' in flag) || flag.required !== true) return flag.summary;
  return `${flag.summary} (required${flag.unless === undefined ? '' : ` unless --${flag.unless}`})`;
}

const exitCodes = (): string => section('Exit codes:', Object.entries(EXIT_CODES));

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([term]) => term.length));
  return `${title}\n${rows.map(([term, text]) => `  ${term.padEnd(width)}  ${text}\n`).join('')}`;
}

export const wrap = (text: string): string =>
  text
    .split('\n\n')
    .map((paragraph) =>
      paragraph
        .trim()
        .replace(/\s+/g, ' ')
        .replace(new RegExp(`(.{1,${WIDTH}})(?: |$)`, 'g'), '$1\n'),
    )
    .join('\n')
    .trimEnd();
