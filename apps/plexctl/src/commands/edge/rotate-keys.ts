import { command } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { changed } from './changed';
import { onHost } from './on-host';
import { folderOf, STATE_FLAGS } from './state-flag';

const USUALLY_KEPT = '24h';

export const rotateNodeKey = command({
  path: ['edge', 'keys', 'rotate'],
  about: `Makes another key here, has the platform put it in the place of the present one, and moves the Node's connection: no
    event is lost, and none comes twice. The request is signed by both keys. It is kept on the disk until it is answered, so
    whatever fails in between, the host holds the one key or the other, and works; the same command, or the agent, goes on.

    The old key is kept in the folder archive for a while, for whoever wants to look something up: nobody accepts it. Of a
    host whose key somebody may have stolen, revoke the Node and enrol it anew: a thief of the key can change it, too.`,
  flags: {
    'keep-old': { ...durationUpTo('366d'), summary: `how long the old key is kept (default: ${USUALLY_KEPT})` },
    ...STATE_FLAGS,
  },
  examples: ['plexctl edge keys rotate', 'plexctl edge keys rotate --keep-old 7d --output json'],
  asks: 'nobody',

  async run({ flags: { 'keep-old': keepOld = USUALLY_KEPT, state }, terminal }) {
    const keepOldMs = (secondsOf(keepOld) ?? 0) * 1_000;
    const document = await onHost({
      folder: folderOf(state),
      ask: { ask: 'rotate', keep_old_ms: keepOldMs },
      alone: (agent) => agent.rotateKeys({ keepOldMs }),
    });
    return changed(document, terminal);
  },
});
