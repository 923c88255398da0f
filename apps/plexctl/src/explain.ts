import { Problem } from '@plexsphere/wire';
import type { Command } from './command';
import type { ExitCode } from './exit-code';
import { Failure } from './failure';
import { failureOf } from './refusal';
import { flagOfMember } from './flags';

/** What was asked, as far as hints speak of it. */
interface Asked {
  scope: string | undefined;
  command: Pick<Command, 'flags' | 'asks'> | undefined;
}

/** Whatever was thrown, in the form in which the operator is told, with what can be done about it. */
export async function explain(error: unknown, { scope, command }: Asked): Promise<Failure> {
  if (error instanceof Failure) return error;
  if (!(error instanceof Problem)) return unforeseen(error);
  const { hintFor, hintWithoutService, inWords, reasonOf } = await import('./hints');
  const { field } = error.body;
  const flag = field === undefined ? undefined : flagOfMember(command?.flags ?? {}, field);
  const asks = command?.asks;
  const hint = asks === 'bus' ? hintFor(error.detail, scope) : hintWithoutService(error.detail);
  return inWords(error, scope) ?? failureOf(error, hint, reasonOf(error, flag, asks));
}

/** Of several answers the one that asks for most: another command line, another credential. */
export const worstOf = (failures: readonly Failure[]): ExitCode =>
  failures.reduce<ExitCode>((worst, { exitCode }) => (exitCode > worst ? exitCode : worst), 0);

function unforeseen(error: unknown): Failure {
  const { message = '', code = '' } = (error ?? {}) as { message?: string; code?: string };
  return new Failure(1, message.replace(/\s*\n\s*/g, ' ') || code || 'failed for an unknown reason');
}
