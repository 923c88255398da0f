import type { MemberOfRing } from '@plexsphere/wire/commands';
import { orDash } from '../../layout';
import { utc } from '../../render';

/** What a member last said of one ring, as cells of a table. */

export const useText = (use: MemberOfRing['last_signed']): string =>
  use === null ? 'never' : typeof use === 'string' ? use : `${use.key_id} ${utc(use.at)}`;

/** Who signs by a ring verifies nothing by it, and the other way round. */
export const lastSigned = ({ role, last_signed: use }: MemberOfRing): string =>
  role === 'sender' ? useText(use) : '-';
export const lastVerified = ({ role, last_verified: use }: MemberOfRing): string =>
  role === 'receiver' ? useText(use) : '-';

export const refusalsText = ({ refusals }: Pick<MemberOfRing, 'refusals'>): string =>
  orDash(
    Object.entries(refusals)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', ') || null,
  );

export const keysText = (keyIds: readonly string[]): string => orDash(keyIds.join(',') || null);

/** Worth a line below a table with a sink in it. */
export const SINK_CANNOT_SAY =
  'unknown: a sink writes for somebody else, and cannot see what is signed or verified by what it has written';
