import { channelDirection, channelSlug, Problem } from '@plexsphere/wire';
import type { ChannelRingView, RotateReply } from '@plexsphere/wire/commands';
import type { Flags, Invocation } from '../../command';
import { named } from '../../layout';
import type { Result } from '../../render';
import type { Terminal } from '../../terminal';
import { rotateOne, rotateResult, type AskedRotation, type Rotated } from '../signing/rotate-one';
import { BothDirections } from './each-direction';
import { waitForMembers } from './wait-for-members';

type Opened = Rotated & Pick<RotateReply, 'epoch'> & { already_open?: true };

interface RotateFlags {
  scope: string;
  'new-key-id': string | undefined;
  reason: string | undefined;
  wait: boolean;
}

type RotateInvocation<F extends Flags> = Invocation<F> & { flags: RotateFlags };

/** Of one direction, or of both: opened, and on request waited for until nobody is behind. */
export async function rotateChannel<F extends Flags>(
  invocation: RotateInvocation<F>,
  flags: F,
  timeoutMs: number,
): Promise<Result> {
  const { scope, wait } = invocation.flags;
  const { terminal } = invocation;
  const slug = channelSlug(scope) ?? channelDirection(scope)?.slug ?? '';
  const isOne = channelSlug(scope) === undefined;
  const { opened, result } = isOne ? await openOne(invocation) : await openBoth(invocation, flags);
  for (const each of opened) noteStaged(each, terminal);
  if (opened.length === 0) return result;
  if (!wait) {
    const back = `the way back: plexctl signing rollback --scope ${scope}`;
    terminal.note(`who is waited for: plexctl channel show --slug ${slug}; ${back}`);
    return result;
  }
  const failure = await waitForMembers(invocation, { slug, opened, timeoutMs });
  return failure === undefined ? result : { ...result, failures: [...(result.failures ?? []), failure] };
}

interface Rotations {
  opened: readonly Opened[];
  result: Result;
}

async function openOne({ flags, bus, terminal }: RotateInvocation<Flags>): Promise<Rotations> {
  const reply = await rotateOne(askedOf(flags), { bus, terminal });
  return { opened: [reply], result: rotateResult(reply) };
}

async function openBoth<F extends Flags>(invocation: RotateInvocation<F>, flags: F): Promise<Rotations> {
  const both = new BothDirections(invocation, flags);
  const outcomes = await both.each(await both.directions(), async ({ scope, ring, invocation: own }) =>
    openedOrOpen({ ...askedOf(invocation.flags), scope }, ring, own),
  );
  return {
    opened: outcomes.flatMap((outcome) => ('done' in outcome ? [outcome.done] : [])),
    result: both.result(
      outcomes.map((outcome) => ('done' in outcome ? { ...outcome, done: rotateResult(outcome.done) } : outcome)),
    ),
  };
}

const askedOf = ({ scope, reason, 'new-key-id': newKeyId }: RotateFlags): AskedRotation => ({
  ...{ scope, newKeyId, reason, force: false },
});

/** Who repeats the command, since the other direction was refused, finds this one as it was to be. */
async function openedOrOpen(
  asked: AskedRotation,
  ring: ChannelRingView,
  invocation: Pick<Invocation, 'bus' | 'terminal'>,
): Promise<Opened> {
  try {
    return await rotateOne(asked, invocation);
  } catch (error) {
    const open = openOf(ring);
    const isOpen = error instanceof Problem && error.is('rotationInProgress');
    if (!isOpen || open === undefined || open.new_key_id !== asked.newKeyId) throw error;
    invocation.terminal.note(`the rotation to ${open.new_key_id} was open before`);
    return open;
  }
}

function openOf({ scope, epoch, phase, waiting_for, ...transition }: ChannelRingView): Opened | undefined {
  const { old_key_id, new_key_id, opened_at, closes_at } = transition;
  if (old_key_id === null || new_key_id === null || opened_at === null || closes_at === null) return undefined;
  if (phase !== 'staged' && phase !== 'active') return undefined;
  return { scope, old_key_id, new_key_id, opened_at, closes_at, phase, waiting_for, epoch, already_open: true };
}

/** Other than elsewhere nothing has switched when this returns. */
function noteStaged(
  { scope, new_key_id: keyId, phase, waiting_for: waitingFor = [] }: Opened,
  terminal: Terminal,
): void {
  if (phase !== 'staged') return;
  const when =
    waitingFor.length === 0
      ? `${keyId} is proven by all who verify, and signs by itself within seconds`
      : `${keyId} signs by itself once ${named(waitingFor)} ${waitingFor.length === 1 ? 'has' : 'have'} proven to hold it`;
  terminal.speakOf(scope);
  terminal.note(`nothing has switched yet: ${when}; closes_at counts anew from then`);
  terminal.speakOf(undefined);
}
