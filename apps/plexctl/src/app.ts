import { channelName, domainScope } from '@plexsphere/wire';
import { BusClient } from './bus-client';
import type { Bus, Command, Invocation, Surroundings } from './command';
import { findCommand, isNoun } from './commands';
import { COMPLETE } from './commands/completion/scripts';
import type { ExitCode } from './exit-code';
import { explain, worstOf } from './explain';
import type { Failure } from './failure';
import { check, leadingWords, parse, type CommandLine } from './flags';
import { access, outputOf } from './persistent-flags';
import { loadProfile } from './profile';
import { isOutput, render, type Output } from './render';

/** From a command line to an exit code: parse, check, run, show. */
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
    return await execute(command, line, surroundings);
  } catch (error) {
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

async function execute(command: Command, line: CommandLine, surroundings: Surroundings): Promise<ExitCode> {
  if (line.refusal !== undefined) throw line.refusal;
  const { env, terminal } = surroundings;
  const { persistent } = line;
  const flags = line.flags as Invocation['flags'];
  check(command.flags, flags);
  command.check?.(flags);
  const profile = await loadProfile(persistent.profile, env);
  const output = outputOf(persistent, profile);
  terminal.speak(output);
  const asksBus = command.asks === 'bus' && command.asksNobody?.(flags) !== true;
  const bus = asksBus ? new BusClient(access(persistent, env, profile), surroundings) : undefined;
  try {
    const result = await command.run({
      ...surroundings,
      flags,
      output,
      insecure: persistent.insecure,
      bus: bus as Bus,
    });
    if (result === undefined) return 0;
    if (result.document !== undefined) terminal.result(await render(result, output));
    const failures = [...(result.failure === undefined ? [] : [result.failure]), ...(result.failures ?? [])];
    for (const failure of failures) terminal.failure(failure);
    return worstOf(failures);
  } finally {
    await bus?.close();
  }
}

/** The scope that the command line speaks of: hints name it. */
function scopeOf({ scope, id, slug }: CommandLine['flags'], command: Command | undefined): string | undefined {
  if (typeof scope === 'string') return scope;
  if (command?.path[0] === 'channel' && typeof slug === 'string') return channelName(slug);
  return command?.path[0] === 'domain' && typeof id === 'string' ? domainScope(id) : undefined;
}
