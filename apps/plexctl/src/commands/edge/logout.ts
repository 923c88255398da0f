import { command } from '../../command';
import { onHost } from './on-host';
import { folderOf, STATE_FLAGS } from './state-flag';

export const logout = command({
  path: ['edge', 'logout'],
  about: `Has the platform remove the Node of this host: its credential ends at once, and no rotation waits for it. Then deletes
    all that the Node was here, its archived keys as well; an agent that runs here stops. There is no way back but plexctl
    edge enroll with a new token.

    --local-only asks nobody, for a host that reaches no gateway any more: its Node goes on being counted until an operator
    removes it.`,
  flags: { 'local-only': { summary: 'delete what is here, and tell the platform nothing' }, ...STATE_FLAGS },
  examples: ['plexctl edge logout', 'plexctl edge logout --local-only'],
  asks: 'nobody',

  async run({ flags: { 'local-only': localOnly, state }, terminal }) {
    const folder = folderOf(state);
    await onHost<unknown>({
      folder,
      ask: { ask: 'logout', local_only: localOnly },
      alone: (agent) => agent.logout({ localOnly }),
    });
    if (localOnly) terminal.note('the platform counts the Node until an operator removes it: plexctl node remove');
    return {
      text: `logged out: ${folder} holds nothing of this Node any more`,
      document: { folder, local_only: localOnly },
    };
  },
});
