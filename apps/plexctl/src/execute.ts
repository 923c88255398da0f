import { access, outputOf } from './access';
import { BusClient } from './bus-client';
import { check } from './check-flags';
import type { Bus, Command, Invocation, Surroundings } from './command';
import type { ExitCode } from './exit-code';
import { worstOf } from './explain';
import type { CommandLine } from './flags';
import { loadProfile } from './profile';
import { render } from './render';

/** A command that is there, by a line whose words and flags are its own. */
export async function execute(command: Command, line: CommandLine, surroundings: Surroundings): Promise<ExitCode> {
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
