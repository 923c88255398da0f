import type { ChannelRingView } from '@plexsphere/wire/commands';
import type { Invocation } from '../../command';
import { refuseAs } from '../../refusal';
import { oneRow, utc, type Result } from '../../render';

interface Keys {
  old_key_id: string;
  new_key_id: string;
}

/**
 * One pair of names closes both directions where it is that of both, so that none is closed by the names of the other.
 * @throws Failure with what to run for each, before anything is closed
 */
export function requireSameKeys(rings: readonly ChannelRingView[], keys: Keys): void {
  const isThat = (ring: ChannelRingView): boolean =>
    (isOpen(ring) || ring.phase === 'closed') &&
    ring.old_key_id === keys.old_key_id &&
    ring.new_key_id === keys.new_key_id;
  if (rings.every(isThat)) return;
  const members = Object.fromEntries(rings.map((ring) => [ring.scope, closeText(ring)]));
  throw refuseAs('transitionMismatch', members, { reason: 'not the keys of both directions', hint: ONE_BY_ONE });
}

const ONE_BY_ONE = 'nothing is closed: run what stands behind each direction';

const isOpen = ({ phase }: ChannelRingView): boolean => phase === 'staged' || phase === 'active';

function closeText(ring: ChannelRingView): string {
  const { scope, phase, old_key_id: old, new_key_id: fresh, active_key_id: active } = ring;
  if (phase === 'staged') return `nobody signs by ${fresh} yet: there is nothing to close`;
  return isOpen(ring)
    ? `plexctl signing close --scope ${scope} --old ${old} --new ${fresh}`
    : `no rotation is open; ${active} signs`;
}

/** Who repeats the command, since the other direction was refused, finds this one as it was to be. */
export function closedBefore(
  { scope, old_key_id, new_key_id, closes_at, epoch }: ChannelRingView,
  { terminal }: Pick<Invocation, 'terminal'>,
): Result {
  terminal.note('closed before');
  const triple = { scope, old_key_id: old_key_id ?? '', new_key_id: new_key_id ?? '' };
  const more = { closes_at: closes_at && utc(closes_at), epoch, already_closed: true };
  return { text: oneRow(triple), document: { ...triple, ...more } };
}
