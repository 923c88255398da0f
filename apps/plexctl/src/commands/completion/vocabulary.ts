import type { Command, Flag, Flags } from '../../command';
import { PERSISTENT_FLAGS } from '../../persistent-flags';

/** What there is to complete, in a form that every shell's script is written from. */
export interface Vocabulary {
  /** What may follow which words: '' → nouns, a noun → its verbs. */
  words: readonly Branch[];
  /** The flags of a command, by its words. */
  commands: readonly { path: string; flags: readonly Completed[] }[];
  /** The flags of every command. */
  everywhere: readonly Completed[];
}

export interface Branch {
  after: string;
  next: readonly { word: string; summary: string }[];
}

export interface Completed {
  /** With its dashes. */
  name: string;
  summary: string;
  takes: 'nothing' | 'text' | 'file' | 'folder' | readonly string[];
  repeatable: boolean;
}

export function vocabularyOf(commands: readonly Command[]): Vocabulary {
  const nouns = [...new Set(commands.map(({ path }) => path[0] ?? ''))];
  const words = [
    { after: '', next: [...nouns.map((word) => ({ word, summary: nounSummary(word, commands) })), HELP] },
    ...nouns.flatMap((noun) => {
      const below = commands.filter(({ path }) => path[0] === noun && path.length > 1);
      const next = below.map(({ path, summary }) => ({ word: path[1] ?? '', summary }));
      return next.length === 0 ? [] : [{ after: noun, next }];
    }),
  ];
  return {
    words,
    commands: commands.map(({ path, flags }) => ({ path: path.join(' '), flags: completed(flags) })),
    everywhere: completed(PERSISTENT_FLAGS),
  };
}

const HELP = { word: 'help', summary: 'show what there is' };

/** A noun has no summary of its own: its verbs say what it is about. */
function nounSummary(noun: string, commands: readonly Command[]): string {
  const own = commands.filter(({ path }) => path[0] === noun);
  const [first] = own;
  if (first?.path.length === 1) return first.summary;
  return own.map(({ path }) => path[1]).join(', ');
}

const completed = (flags: Flags): Completed[] =>
  Object.entries(flags).map(([name, flag]) => ({
    name: `--${name}`,
    summary: flag.summary,
    takes: takenBy(flag),
    repeatable: 'repeatable' in flag && flag.repeatable === true,
  }));

function takenBy(flag: Flag): Completed['takes'] {
  if (!('value' in flag)) return 'nothing';
  if (flag.oneOf !== undefined) return flag.oneOf;
  if (flag.value === 'file') return 'file';
  return flag.value === 'dir' ? 'folder' : 'text';
}

/** Every flag once, by name: two commands that share one mean the same by it. */
export function allFlags({ commands, everywhere }: Vocabulary): Completed[] {
  const all = [...everywhere, ...commands.flatMap(({ flags }) => flags)];
  return [...new Map(all.map((flag) => [flag.name, flag])).values()];
}
