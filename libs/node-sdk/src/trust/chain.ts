/**
 * A chain message: how a Node that slept comes back, how one on a fork is ours again, and how it hears of a close. The
 * statements prove that today's keys descend from those it trusts; the bundle, fresh and by the platform's active key,
 * proves that nothing came after, and which outgoing key is gone.
 */
import { CHAIN_STATEMENTS, PLATFORM } from '@plexsphere/wire';
import {
  JwsError,
  beginRings,
  endRings,
  walkRings,
  type ChainAnchor,
  type RingsWalk,
  type TakenRings,
} from '@plexsphere/wire/jws';
import { areTexts } from '../json-members';
import { KeyChangeError, refusing, type KeyChange } from './key-change';
import { objectIn } from './key-payload';
import { withPlatform, withRing, type TrustState } from './trust-state';

export type ChainOutcome = KeyChange | { kind: 'part'; walked: RingsWalk };

/** A message of the bus is no larger; looked at before it is parsed. */
const MAX_CHAIN_LENGTH = 1_048_576;

/** `from`: where the part before this one led; what the Node holds where this is the first. */
export const takeChain = (
  state: TrustState,
  text: string,
  now: Date,
  from: RingsWalk = beginRings(state),
): Promise<ChainOutcome> =>
  refusing<ChainOutcome>(async () => {
    const { bundle, ...part } = chainOf(text, state.scope);
    const walked = walkRings(from, part);
    return bundle === undefined ? { kind: 'part', walked } : changeBy(state, await endRings(walked, bundle, now));
  });

/** Each ring by itself: where the platform's part fits, it counts, whatever becomes of the Node's own. */
function changeBy(state: TrustState, { platform, ring, recoveryPublicKey }: TakenRings): KeyChange {
  const withTheirs = { ...withPlatform(state, platform), recoveryPublicKey };
  const next = ring instanceof JwsError ? withTheirs : withRing(withTheirs, ring);
  const isNews =
    state.recoveryPublicKey !== recoveryPublicKey ||
    !holdsAlready(state.platform, next.platform) ||
    !holdsAlready(state.ring, next.ring);
  if (ring instanceof JwsError) {
    return isNews ? { kind: 'taken', state: next, refused: ring.code } : { kind: 'refused', reason: ring.code };
  }
  return { kind: isNews ? 'taken' : 'superseded', state: next };
}

const holdsAlready = (held: ChainAnchor, next: ChainAnchor): boolean =>
  held.statementHash === next.statementHash && held.epoch === next.epoch && held.keys.length === next.keys.length;

interface ReadChain {
  platformStatements: string[];
  statements: string[];
  /** Undefined in a part that another one follows. */
  bundle: string | undefined;
}

function chainOf(text: string, scope: string): ReadChain {
  if (text.length > MAX_CHAIN_LENGTH) throw new KeyChangeError('malformed');
  const { platform_statements: platformStatements, statements, bundle, more } = objectIn(text);
  if (!areTexts(platformStatements) || !areTexts(statements)) throw new KeyChangeError('malformed');
  if (platformStatements.length + statements.length > CHAIN_STATEMENTS) throw new KeyChangeError('malformed');
  // One ring, one list: what stood in the other would be passed over unread.
  if (scope === PLATFORM && statements.length > 0) throw new KeyChangeError('malformed');
  if (more === true ? bundle !== undefined : more !== undefined || typeof bundle !== 'string') {
    throw new KeyChangeError('malformed');
  }
  return { platformStatements, statements, bundle: bundle as string | undefined };
}
