import { Problem } from '@plexsphere/wire';
import type { Status, StatusReply } from '@plexsphere/wire/commands';
import type { Invocation } from '../../command';
import { Failure } from '../../failure';
import { orStopped } from '../../interruption';

export type Poll<Reply = StatusReply> = { reply: Reply } | { trouble: Problem | Failure };

/** The status of one scope or of all, or of some. */
export const statusPolls = (
  { bus, pause }: Pick<Invocation, 'bus' | 'pause'>,
  requests: readonly Status[],
  everyMs: number,
  stop: AbortSignal,
): AsyncGenerator<Poll> => polls(() => statusOf(bus, requests), pause, everyMs, stop);

/** As one reply: of when the first of them was given. */
async function statusOf(bus: Invocation['bus'], requests: readonly Status[]): Promise<StatusReply> {
  const [first = {}, ...others] = requests;
  const reply = await bus.ask('signing.status', first);
  for (const request of others) reply.scopes.push(...(await bus.ask('signing.status', request)).scopes);
  return reply;
}

/**
 * The same question again and again until `stop`. What may pass (a service or a database that restarts) is trouble and does
 * not end it; what does not pass by itself is thrown: a credential that is refused, a scope that there is not.
 */
export async function* polls<Reply>(
  ask: () => Promise<Reply>,
  pause: Invocation['pause'],
  everyMs: number,
  stop: AbortSignal,
): AsyncGenerator<Poll<Reply>> {
  while (!stop.aborted) {
    const poll = await orStopped(pollOnce(ask), stop);
    if (poll === undefined) return;
    yield poll;
    await pause(everyMs, stop);
  }
}

async function pollOnce<Reply>(ask: () => Promise<Reply>): Promise<Poll<Reply>> {
  try {
    return { reply: await ask() };
  } catch (error) {
    if (isPassing(error)) return { trouble: error };
    throw error;
  }
}

const PASSING = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'ABORTED', 'RESOURCE_EXHAUSTED', 'INTERNAL']);

const isPassing = (error: unknown): error is Problem | Failure =>
  error instanceof Problem ? PASSING.has(error.code) : error instanceof Failure && error.exitCode === 1;
