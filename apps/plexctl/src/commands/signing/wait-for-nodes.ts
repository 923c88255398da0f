import type { NodesStatus, RotateReply, ScopeStatus } from '@plexsphere/wire/commands';
import type { Invocation } from '../../command';
import { Failure } from '../../failure';
import { bar, named, plural } from '../../layout';
import type { Terminal } from '../../terminal';
import { statusPolls } from './status-polls';

const EVERY_MS = 1_000;

/**
 * Waits until all Nodes that hold a key have applied the rotation. Pending ones are not waited for: they come in like any
 * Node that slept.
 * @returns what ended it before; undefined where all have applied
 */
export async function waitForNodes(
  invocation: Pick<Invocation, 'bus' | 'pause' | 'interrupted' | 'terminal'>,
  rotation: RotateReply,
  timeoutMs: number,
): Promise<Failure | undefined> {
  const { terminal, interrupted } = invocation;
  const { scope } = rotation;
  const timeout = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([timeout, interrupted()]);
  let last: ScopeStatus | undefined;
  // How many those are is not known yet: the rotation's own number counts Nodes that were never seen.
  terminal.progress('the rotation is open; waiting for the Nodes that hold a key');
  try {
    for await (const poll of statusPolls(invocation, [{ scope }], EVERY_MS, stop)) {
      if ('trouble' in poll) terminal.progress(`waiting: ${poll.trouble.detail}`);
      else last = poll.reply.scopes.find((one) => one.scope === scope) ?? last;
      // Before the rotation's own epoch the numbers are about the one before it.
      if (last === undefined || 'trouble' in poll || last.epoch < rotation.epoch) continue;
      if (isOver(last, rotation)) return ended(rotation);
      if (last.nodes.lagging_count === 0) return noteNeverSeen(last, terminal);
      terminal.progress(progressText(last));
    }
  } catch (error) {
    return lost(rotation, error);
  }
  return notApplied(rotation, last, timeout.aborted ? 'nodes have not applied in time' : 'stopped waiting for nodes');
}

const waitedFor = ({ applied, lagging_count }: NodesStatus): number => applied + lagging_count;

function progressText({ nodes }: ScopeStatus): string {
  const all = waitedFor(nodes);
  return `${bar(nodes.applied, all, 20)}  ${nodes.applied} of ${plural(all, 'Node')} have applied`;
}

function noteNeverSeen({ nodes: { pending, pending_count: count } }: ScopeStatus, terminal: Terminal): undefined {
  if (count > 0) terminal.note(`not waited for, since never seen so far: ${named(pending.slice(0, 10), count)}`);
}

/** Somebody rolled it back or revoked a key: nobody applies this rotation any more. A close is no reason to stop. */
const isOver = ({ keys }: ScopeStatus, { new_key_id }: RotateReply): boolean =>
  !keys.some(({ key_id, state }) => key_id === new_key_id && state === 'active');

const ended = ({ scope }: RotateReply): Failure =>
  new Failure(
    1,
    'the rotation ended while nodes were waited for',
    { scope },
    `plexctl signing history --scope ${scope} shows how`,
  );

const stillOpen = ({ scope }: RotateReply): string =>
  `the rotation stays open: plexctl signing status --scope ${scope} --watch shows who is left, and when to close`;

function notApplied(rotation: RotateReply, last: ScopeStatus | undefined, detail: string): Failure {
  const nodes = last !== undefined && last.epoch >= rotation.epoch ? last.nodes : undefined;
  const members =
    nodes === undefined
      ? { nodes: 'unknown: no status came' }
      : {
          nodes: `${nodes.applied} of ${waitedFor(nodes)} have applied, ${nodes.pending_count} pending`,
          lagging: named(nodes.lagging, nodes.lagging_count),
        };
  return new Failure(1, detail, { scope: rotation.scope, ...members }, stillOpen(rotation));
}

/** The rotation is done, whatever keeps us from seeing how it goes on: its result is shown all the same. */
function lost(rotation: RotateReply, error: unknown): Failure {
  const { detail = 'failed for an unknown reason' } = error as { detail?: string };
  const exitCode = error instanceof Failure ? error.exitCode : 1;
  return new Failure(exitCode, 'cannot wait for nodes', { scope: rotation.scope, cause: detail }, stillOpen(rotation));
}
