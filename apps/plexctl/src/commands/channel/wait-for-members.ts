import type { ChannelRingView } from '@plexsphere/wire/commands';
import type { Invocation } from '../../command';
import { Failure } from '../../failure';
import { named } from '../../layout';
import { utc } from '../../render';
import { polls } from '../signing/status-polls';

const EVERY_MS = 1_000;

interface Awaited {
  slug: string;
  /** Rotations that are open, one a direction. */
  opened: readonly { scope: string; new_key_id: string }[];
  timeoutMs: number;
}

/**
 * Waits until the new keys sign, and no member is waited for any more.
 * @returns what ended it before; undefined where all is done
 */
export async function waitForMembers(
  { bus, pause, interrupted, terminal }: Pick<Invocation, 'bus' | 'pause' | 'interrupted' | 'terminal'>,
  { slug, opened, timeoutMs }: Awaited,
): Promise<Failure | undefined> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([timeout, interrupted()]);
  let last: readonly ChannelRingView[] = [];
  terminal.progress('the rotation is open; waiting for the members');
  try {
    for await (const poll of polls(() => bus.ask('channel.show', { slug }), pause, EVERY_MS, stop)) {
      if ('trouble' in poll) {
        terminal.progress(`waiting: ${poll.trouble.detail}`);
        continue;
      }
      last = poll.reply.rings.filter(({ scope }) => opened.some((each) => each.scope === scope));
      const over = last.find((ring) => !isThat(ring, opened));
      if (over !== undefined) return ended(over);
      const behind = last.filter((ring) => !isDone(ring));
      if (behind.length === 0) return undefined;
      terminal.progress(behind.map(progressText).join('; '));
    }
  } catch (error) {
    return lost(slug, error);
  }
  const detail = timeout.aborted ? 'members have not followed in time' : 'stopped waiting for members';
  return new Failure(1, detail, waitedFor(last), stillOpen(slug));
}

/** Nobody follows a rotation that somebody rolled back, or ended by a revoke. A close is no reason to stop. */
const isThat = ({ scope, new_key_id, phase }: ChannelRingView, opened: Awaited['opened']): boolean =>
  opened.some((each) => each.scope === scope && each.new_key_id === new_key_id) &&
  phase !== 'rolled_back' &&
  phase !== 'revoked';

const isDone = ({ phase, waiting_for: waitingFor }: ChannelRingView): boolean =>
  phase === 'closed' || (phase === 'active' && waitingFor.length === 0);

const waitsText = ({ phase, waiting_for: waitingFor, signs_from: signsFrom }: ChannelRingView): string => {
  const until = signsFrom === null ? '' : ` until ${utc(signsFrom)}`;
  return `${phase}${waitingFor.length === 0 ? '' : `, waits for ${named(waitingFor)}${until}`}`;
};

const progressText = (ring: ChannelRingView): string => `${ring.scope} is ${waitsText(ring)}`;

const waitedFor = (rings: readonly ChannelRingView[]): Record<string, string> =>
  rings.length === 0
    ? { members: 'unknown: no answer came' }
    : Object.fromEntries(rings.map((ring) => [ring.scope, isDone(ring) ? 'done' : waitsText(ring)]));

const ended = ({ scope }: ChannelRingView): Failure =>
  new Failure(
    1,
    'the rotation ended while members were waited for',
    { scope },
    `plexctl signing history --scope ${scope} shows how`,
  );

const stillOpen = (slug: string): string =>
  `the rotation stays open, and goes on by itself: plexctl channel show --slug ${slug} shows who is left`;

/** The rotation is open, whatever keeps us from seeing how it goes on. */
function lost(slug: string, error: unknown): Failure {
  const { detail = 'failed for an unknown reason' } = error as { detail?: string };
  const exitCode = error instanceof Failure ? error.exitCode : 1;
  return new Failure(exitCode, 'cannot wait for members', { cause: detail }, stillOpen(slug));
}
