import type { Status } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { SCOPE_FLAG } from '../flag-definitions';
import { statusLines } from './status-layout';
import { noteShortOverlap, watchStatus } from './watch-status';

export const status = command({
  path: ['signing', 'status'],
  summary: 'show where everything stands, and what to do next',
  about: `Shows, for one scope or for all that you may see: the keys with their states and ages; the open rotation and the
    time left; the signers that work by the present ring, are behind, or have no lease; how many Nodes are enrolled, have
    been sent the key, have applied it, lag, or have never come (pending), and those that are offline, by name; the
    backlog of the outbox. known by says until when verifiers may not know the key that signs: it stands there after a
    revoke. Lines that begin with next: say what to do.

    With --watch again and again until Ctrl-C: in place on a terminal, elsewhere a line for each scope in which something
    has changed (with --output json a document a line).`,
  flags: {
    scope: { ...SCOPE_FLAG, required: false },
    watch: { summary: 'go on until Ctrl-C' },
  },
  examples: [
    'plexctl signing status',
    'plexctl signing status --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --watch',
  ],
  asks: 'bus',

  async run(invocation) {
    const { flags, bus, terminal } = invocation;
    const request: Status = flags.scope === undefined ? {} : { scope: flags.scope };
    if (flags.watch) {
      await watchStatus(invocation, request);
      return undefined;
    }
    const document = await bus.ask('signing.status', request);
    noteShortOverlap(document, terminal);
    return { text: statusLines(document).join('\n'), document };
  },
});
