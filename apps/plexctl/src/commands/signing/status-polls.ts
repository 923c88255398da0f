import { Problem } from '@plexsphere/wire';
import type { Status, StatusReply } from '@plexsphere/wire/commands';
import type { Invocation } from '../../command';
import { Failure } from '../../failure';
import { orStopped } from '../../interruption';

export type Poll = { reply: StatusReply } | { trouble: Problem | Failure };

/**
 * The status again and again until `stop`. What may pass (a service or a database that restarts) is trouble and does not
 * end it; what does not pass by itself is thrown: a credential that is refused, a scope that there is not.
 */
export async function* statusPolls(
  { bus, pause }: Pick<Invocation, 'bus' | 'pause'>,
  request: Status,
  everyMs: number,
  stop: AbortSignal,
): AsyncGenerator<Poll> {
  while (!stop.aborted) {
    const poll = await orStopped(pollOnce(bus, request), stop);
    if (poll === undefined) return;
    yield poll;
    await pause(everyMs, stop);
  }
}

async function pollOnce(bus: Invocation['bus'], request: Status): Promise<Poll> {
  try {
    return { reply: await bus.ask('signing.status', request) };
  } catch (error) {
    if (isPassing(error)) return { trouble: error };
    throw error;
  }
}

const PASSING = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'ABORTED', 'RESOURCE_EXHAUSTED', 'INTERNAL']);

const isPassing = (error: unknown): error is Problem | Failure =>
  error instanceof Problem ? PASSING.has(error.code) : error instanceof Failure && error.exitCode === 1;
