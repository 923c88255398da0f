import { channelDirection } from '@plexsphere/wire';
import type { ChannelRingView } from '@plexsphere/wire/commands';
import { named } from '../../layout';
import { utc } from '../../render';

/** One direction, as far as it can be told what happens next. */
type Ring = Pick<
  ChannelRingView,
  'scope' | 'phase' | 'old_key_id' | 'new_key_id' | 'closes_at' | 'waiting_for' | 'signs_from' | 'overdue'
> & {
  /** From when on nobody signs by the old key, where that is known. */
  safe_close_at?: string | null;
};

/** What happens by itself, and what is left to do: each line can be acted on without reading anything else. */
export function ringSteps(ring: Ring, counts: { senders: number; receivers: number }): string[] {
  return [...memberSteps(ring, counts), ...phaseSteps(ring)];
}

function memberSteps({ scope }: Ring, { senders, receivers }: { senders: number; receivers: number }): string[] {
  const { slug = '', from = '', to = '' } = channelDirection(scope) ?? {};
  const empty = [...(senders === 0 ? [from] : []), ...(receivers === 0 ? [to] : [])];
  return empty.map(
    (side) => `nobody is at side ${side}: plexctl channel add-member --slug ${slug} --side ${side} --name <name>`,
  );
}

function phaseSteps(ring: Ring): string[] {
  const { scope, phase, old_key_id: old, new_key_id: fresh, closes_at: closesAt, waiting_for: waitingFor } = ring;
  const who = named(waitingFor);
  switch (phase) {
    case 'staged':
      return stagedSteps(ring);
    case 'active': {
      const close = `plexctl signing close --scope ${scope} --old ${old} --new ${fresh}`;
      const until = closesAt === null ? '' : `, or after ${utc(closesAt)}`;
      return waitingFor.length === 0
        ? [closeStep(ring, close)]
        : [`${who} may still need ${old}: close when nobody is waited for${until}: ${close}`];
    }
    case 'rolled_back':
      return waitingFor.length === 0
        ? []
        : [`${fresh} verifies until ${who} ${has(waitingFor)} switched back; then it goes by itself`];
    default:
      return [];
  }
}

/** Members sign by both keys for a while, and until when is not known everywhere. */
const closeStep = ({ old_key_id: old, safe_close_at: safeAt = null }: Ring, close: string): string =>
  safeAt === null
    ? `nobody is waited for: ${close}; it is refused for as long as members sign by both`
    : `nobody signs by ${old} from ${utc(safeAt)} on: then, when all that verify have reported since, ${close}`;

function stagedSteps(ring: Ring): string[] {
  const { scope, new_key_id: fresh, waiting_for: waitingFor, signs_from: signsFrom, overdue } = ring;
  const slug = channelDirection(scope)?.slug ?? '';
  if (waitingFor.length === 0) return [`${fresh} signs by itself once it is proven by all who verify: within seconds`];
  if (signsFrom !== null)
    return [
      `${fresh} signs by itself from ${utc(signsFrom)} on: ${named(waitingFor)} ${has(waitingFor)} written it, ` +
        'and who reads that has until then to read it anew',
    ];
  const by = `${fresh} signs by itself once ${named(waitingFor)} ${has(waitingFor)} proven to hold it`;
  if (!overdue) return [by];
  const remove = waitingFor.map((name) => `plexctl channel remove-member --slug ${slug} --name ${name}`);
  return [
    `${by}, and ${has(waitingFor)} not for too long: look at the log of ${named(waitingFor)}`,
    `or take it back, for nothing has switched: plexctl signing rollback --scope ${scope}`,
    ...remove.slice(0, MOST_NAMED).map((command) => `or go on without: ${command}`),
  ];
}

/** Where more are silent it is nothing of theirs. */
const MOST_NAMED = 3;

const has = (names: readonly string[]): string => (names.length === 1 ? 'has' : 'have');
