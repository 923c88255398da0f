import { findCommand } from '..';
import type { Command, Flags } from '../../command';
import { flagOf, isValue, leadingWords, parse } from '../../flags';
import { PERSISTENT_FLAGS } from '../../persistent-flags';
import { SUMMARIES } from '../summaries';

type Offer = readonly [word: string, summary?: string];

/**
 * What may stand in place of the last of these words of a command line, for the shells' scripts: a line a word, with what
 * it is behind a tab; or `file` or `folder`, whose names the shell knows.
 */
export async function offersFor(line: readonly string[]): Promise<string> {
  const before = line.slice(0, -1);
  const current = line.at(-1) ?? '';
  const leading = leadingWords(before);
  const command = await findCommand(leading[0] === 'help' ? leading.slice(1) : leading);
  const wanted = valueWanted(before, current, { ...PERSISTENT_FLAGS, ...command?.flags });
  if (typeof wanted === 'string') return wanted;
  if (wanted !== undefined) return textOf(wanted);
  const { words } = parse(before, command);
  const path = words[0] === 'help' ? words.slice(1) : words;
  return textOf([
    ...wordsAfter(path),
    ...(isWhole(path, command) ? flagsOf(command.flags) : []),
    ...(current.startsWith('-') ? flagsOf(PERSISTENT_FLAGS) : []),
  ]);
}

/** All its words are there, and no more than it takes. */
const isWhole = (path: readonly string[], command: Command | undefined): command is Command =>
  command !== undefined &&
  path.length >= command.path.length &&
  path.length <= command.path.length + (command.operand === undefined ? 0 : 1);

const textOf = (offers: readonly Offer[]): string => offers.map((offer) => `${offer.join('\t')}\n`).join('');

/** Undefined where no flag waits for its value: behind an equals sign of its own, or as the word before. */
function valueWanted(
  before: readonly string[],
  current: string,
  flags: Flags,
): readonly Offer[] | 'file' | 'folder' | undefined {
  const isAssigned = /^--[^=]+=/.test(current);
  const last = before.at(-1) ?? '';
  const flag = isAssigned || !last.includes('=') ? flagOf(isAssigned ? current : last, flags) : undefined;
  if (flag === undefined || !isValue(flag)) return undefined;
  if (flag.value === 'file') return 'file';
  return flag.value === 'dir' ? 'folder' : (flag.oneOf ?? []).map((value) => [value]);
}

const flagsOf = (flags: Flags): Offer[] => Object.entries(flags).map(([name, { summary }]) => [`--${name}`, summary]);

/** Nouns, or the verbs of one. A noun has no summary of its own: its verbs say what it is about. */
function wordsAfter(path: readonly string[]): Offer[] {
  const at = path.length;
  const commands = Object.entries(SUMMARIES).map(([name, summary]) => ({ path: name.split(' '), summary }));
  const below = commands.filter((each) => each.path.length > at && path.every((word, i) => each.path[i] === word));
  const words = [...new Set(below.map((each) => each.path[at] ?? ''))].map((word): Offer => {
    const own = below.filter((each) => each.path[at] === word);
    const itself = own.find((each) => each.path.length === at + 1);
    return [word, itself?.summary ?? own.map((each) => each.path[at + 1]).join(', ')];
  });
  return at === 0 ? [...words, ['help', 'show what there is']] : words;
}
