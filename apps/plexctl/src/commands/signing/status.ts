import type { Status, StatusReply } from '@plexsphere/wire/commands';
import { command, type Bus } from '../../command';
import type { Result } from '../../render';
import { BothDirections, isBoth } from '../channel/each-direction';
import { RINGS_FLAG } from '../flag-definitions';
import { statusLines } from './status-layout';
import { noteShortOverlap, watchStatus } from './watch-status';

const FLAGS = {
  scope: { ...RINGS_FLAG, required: false },
  watch: { summary: 'go on until Ctrl-C' },
} as const;

export const status = command({
  path: ['signing', 'status'],
  about: `Shows, for one scope or for all that you may see: the keys with their states and ages; the open rotation and the
    time left; the signers that work by the present ring, are behind, or have no lease; how many Nodes are enrolled, have
    been sent the key, have applied it, lag, or have never come (pending), and those that are offline, by name; the
    backlog of the outbox. known by says until when verifiers may not know the key that signs: it stands there after a
    revoke. Lines that begin with next: say what to do.

    With --watch again and again until Ctrl-C: in place on a terminal, elsewhere a line for each scope in which something
    has changed (with --output json a document a line).`,
  flags: FLAGS,
  examples: [
    'plexctl signing status',
    'plexctl signing status --scope channel:payments',
    'plexctl signing status --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --watch',
  ],
  asks: 'bus',

  async run(invocation) {
    const { flags, bus, terminal } = invocation;
    const both = new BothDirections(invocation, FLAGS);
    const directions = isBoth(flags.scope) ? await both.directions() : [];
    if (flags.watch) {
      const scopes = isBoth(flags.scope) ? directions.map(({ scope }) => scope) : [flags.scope];
      await watchStatus(invocation, scopes.map(requestOf));
      return undefined;
    }
    if (isBoth(flags.scope)) {
      // What was refused to whom is no direction's own: it is said once, below both.
      const last = directions.at(-1)?.scope;
      return both.result(await both.each(directions, ({ scope }) => statusOf(bus, scope, scope === last)));
    }
    const { document, ...result } = await statusOf(bus, flags.scope);
    noteShortOverlap(document, terminal);
    return { ...result, document };
  },
});

const requestOf = (scope: string | undefined): Status => (scope === undefined ? {} : { scope });

async function statusOf(
  bus: Bus,
  scope: string | undefined,
  isWhole = true,
): Promise<Result & { document: StatusReply }> {
  const document = await bus.ask('signing.status', requestOf(scope));
  const shown = isWhole ? document : { ...document, refusals: [], held_back: [] };
  return { text: statusLines(shown).join('\n'), document };
}
