/** The agent as a process has it: open to the commands of its host until it is stopped, logs out, or is nobody's any more. */
import type { Handler } from '@plexsphere/node-sdk';
import type { EdgeAgent } from '../edge-agent';
import { AgentDoor } from './agent-door';
import type { AgentAsk } from './agent-protocol';

export interface Hosting {
  folder: string;
  handler: Handler;
  /** Ends it in order. */
  stop: AbortSignal;
  /** Once commands are heard and the stream is being opened. */
  onHosting?: () => void;
}

/** Answers why it ended. @throws what `AgentDoor.open` and `EdgeAgent.start` throw; the agent is stopped then, too */
export async function hostAgent(agent: EdgeAgent, hosting: Hosting): Promise<'stopped' | 'logged_out'> {
  const { folder, handler, stop, onHosting } = hosting;
  const loggedOut = new AbortController();
  try {
    const door = await AgentDoor.open(folder, async (ask) => {
      const answer = await answered(agent, ask);
      if (ask.ask === 'logout') loggedOut.abort();
      return answer;
    });
    try {
      await agent.start(handler);
      onHosting?.();
      await aborted(AbortSignal.any([stop, loggedOut.signal]));
    } finally {
      await door.close();
    }
  } finally {
    await agent.stop();
  }
  return loggedOut.signal.aborted ? 'logged_out' : 'stopped';
}

async function answered(agent: EdgeAgent, ask: AgentAsk): Promise<unknown> {
  switch (ask.ask) {
    case 'status':
      return agent.status();
    case 'rotate':
      return agent.rotateKeys({ keepOldMs: ask.keep_old_ms });
    case 'refresh':
      return agent.refreshToken();
    case 'logout':
      await agent.logout({ localOnly: ask.local_only });
      return {};
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
