import type { Surroundings } from './command';
import { findCommand, isNoun } from './commands';
import { COMPLETE } from './commands/completion/scripts';
import type { ExitCode } from './exit-code';
import type { Failure } from './failure';
import { leadingWords, parse, type CommandLine } from './flags';
import { isOutput, type Output } from './render';

/** From a command line to an exit code: parse, check, run, show. Help and completion load nothing of what runs a command. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { terminal } = surroundings;
  if (args[0] === COMPLETE) {
    terminal.result(await (await import('./commands/completion/offers')).offersFor(args.slice(1)));
    return 0;
  }
  const command = await findCommand(leadingWords(args));
  const line = parse(args, command);
  // Whatever else is wrong with the line is told in this form already.
  terminal.speak(isOutput(line.persistent.output ?? '') ? (line.persistent.output as Output) : 'text');
  try {
    // Both win over whatever is wrong with the rest of the line.
    if (line.persistent.version) {
      terminal.result((await import('./help')).version());
      return 0;
    }
    if (needsHelp(line)) return await (await import('./help')).help(line, terminal);
    if (command === undefined) throw line.words.length === 0 ? line.refusal : await unknown(line);
    return await (await import('./execute')).execute(command, line, surroundings);
  } catch (error) {
    const [{ explain }, { scopeOf }] = await Promise.all([import('./explain'), import('./scope-of')]);
    const failure = await explain(error, { scope: scopeOf(line.flags, command), command });
    terminal.failure(failure);
    return failure.exitCode;
  }
}

function needsHelp({ words, persistent, refusal }: CommandLine): boolean {
  if (persistent.help || words[0] === 'help') return true;
  return refusal === undefined && (words.length === 0 || isNoun(words));
}

const unknown = async ({ words, refusal }: CommandLine): Promise<Failure | undefined> =>
  isNoun(words) ? refusal : (await import('./help')).unknownCommand(words);
