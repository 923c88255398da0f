import type { EdgeStatus } from '@plexsphere/edge';
import { command } from '../../command';
import { explained } from './edge-failure';
import { folderOf, STATE_FLAGS } from './state-flag';
import { statusText } from './status-lines';

export const edgeStatus = command({
  path: ['edge', 'status'],
  about: `Shows what this host knows of its Node, and asks nobody for it: who it is, the fingerprint of its key, until when its
    token holds, what is kept in the archive. It is overdue where the policy wanted another key by now: an agent that
    runs changes it by itself. What the platform says of a Node shows plexctl node show.`,
  flags: STATE_FLAGS,
  examples: ['plexctl edge status', 'plexctl edge status --output json'],
  asks: 'nobody',

  async run({ flags: { state } }) {
    const document = await explained(statusIn(folderOf(state)));
    return { text: statusText(document), document };
  },
});

/** The agent's word, else what stands in the folder: nobody has to let go of it for that. */
async function statusIn(folder: string): Promise<EdgeStatus> {
  const { askAgent, EdgeError, readHeld, statusOf } = await import('@plexsphere/edge');
  const answer = (await askAgent(folder, { ask: 'status' })) as EdgeStatus | undefined;
  if (answer !== undefined) return answer;
  const held = await readHeld(folder);
  if (held === undefined) throw new EdgeError('not_enrolled', folder);
  return statusOf(held, { now: new Date(), connected: null });
}
