import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './command';
import { COMMAND_NAMES, findCommand, isNoun } from './commands';
import type { ExitCode } from './exit-code';
import { misuse, type Failure } from './failure';
import type { CommandLine } from './flags';
import { nearest } from './suggest';
import type { Terminal } from './terminal';
import { usageOf, usageOfCommand } from './usage';

/** Help that was asked for is a result; where a command is missing, the same text is a complaint. */
export async function help({ words, persistent }: CommandLine, terminal: Terminal): Promise<ExitCode> {
  const isAsked = persistent.help || words[0] === 'help';
  const about = words[0] === 'help' ? words.slice(1) : words;
  const text = await helpOn(about);
  if (isAsked) terminal.result(text);
  else terminal.usage(text);
  return isAsked ? 0 : 2;
}

async function helpOn(words: readonly string[]): Promise<string> {
  const command: Command | undefined = await findCommand(words);
  if (command !== undefined) return usageOfCommand(command);
  if (words.length === 0 || isNoun(words)) return usageOf(words);
  throw unknownCommand(words);
}

export function unknownCommand(words: readonly string[]): Failure {
  const nouns = nounsOf(words);
  const written = words.slice(0, Math.max(nouns.length + 1, 2)).join(' ');
  const meant = nearest(written, COMMAND_NAMES) ?? nearest(words[0] ?? '', COMMAND_NAMES);
  const list = nouns.length > 0 ? `plexctl ${nouns.join(' ')} --help` : 'plexctl help';
  const hint = meant === undefined ? `${list} lists the commands` : `did you mean plexctl ${meant}?`;
  return misuse(`unknown command: ${JSON.stringify(written)}`, 'command', hint);
}

/** As many of the words as there are verbs for. */
function nounsOf(words: readonly string[]): readonly string[] {
  const end = words.findIndex((_, index) => !isNoun(words.slice(0, index + 1)));
  return end < 0 ? words : words.slice(0, end);
}

/** The package's own; read only when asked for. */
export function version(): string {
  const { version: number } = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return `plexctl ${number}`;
}
