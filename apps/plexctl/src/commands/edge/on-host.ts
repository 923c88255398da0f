/** What concerns this host's own Node: asked of the agent that runs here, else done here. */
import type { AgentAsk, EdgeAgent } from '@plexsphere/edge';
import { explained } from './edge-failure';

interface OnHost<Answer> {
  folder: string;
  ask: AgentAsk;
  /** Where no agent runs, in its place. Nobody else has the folder meanwhile. */
  alone: (agent: EdgeAgent) => Promise<Answer>;
}

export const onHost = <Answer>(about: OnHost<Answer>): Promise<Answer> => explained(asked(about));

async function asked<Answer>({ folder, ask, alone }: OnHost<Answer>): Promise<Answer> {
  const { askAgent, openEdgeAgent } = await import('@plexsphere/edge');
  // What an agent answers is what `alone` does.
  const answer = (await askAgent(folder, ask)) as Answer | undefined;
  if (answer !== undefined) return answer;
  const agent = await openEdgeAgent({ folder });
  try {
    return await alone(agent);
  } finally {
    await agent.stop();
  }
}
