import { command } from '../../command';
import { changed } from './changed';
import { onHost } from './on-host';
import { folderOf, STATE_FLAGS } from './state-flag';

export const refreshToken = command({
  path: ['edge', 'token', 'refresh'],
  about: `Asks for a newer token, moves the Node's connection to it, and has the present one end. The agent renews the token by
    itself at two thirds of its life, and then nothing is ended; this is for a token that may have been copied together with
    its key by a backup, say, or for one of before a change of what Nodes may do: rights stand in the token. Tags and scope
    do not: neither needs another token.`,
  flags: STATE_FLAGS,
  examples: ['plexctl edge token refresh'],
  asks: 'nobody',

  async run({ flags: { state }, terminal }) {
    const document = await onHost({
      folder: folderOf(state),
      ask: { ask: 'refresh' },
      alone: (agent) => agent.refreshToken(),
    });
    return changed(document, terminal);
  },
});
