import type { KeyStatus, ScopeStatus } from '@plexsphere/wire/commands';
import { age, type Line } from '../../layout';
import { utc } from '../../render';

/** The one that signs stands first. */
const ORDER = ['active', 'staged', 'retiring', 'retired', 'revoked'] as const satisfies KeyStatus['state'][];

export function keyLines(scope: ScopeStatus): Line[] {
  const keys = scope.keys.toSorted((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
  const idWidth = Math.max(0, ...keys.map(({ key_id }) => key_id.length));
  const stateWidth = Math.max(0, ...keys.map(({ state }) => state.length));
  return keys.map((key, index) => ({
    label: index === 0 ? 'keys' : '',
    text:
      `${key.key_id.padEnd(idWidth)}  ${key.state.padEnd(stateWidth)}  ` +
      `for ${age(key.age_seconds)}, since ${utc(key.since)}${untilText(key, scope)}`,
  }));
}

function untilText(key: KeyStatus, scope: ScopeStatus): string {
  if (key.rotate_by !== undefined) return `; to be rotated to before ${utc(key.rotate_by)}`;
  return isSettling(key, scope) ? `; rolled back, settles until ${utc(key.verifies_until ?? '')}` : '';
}

/** A key that retires while no rotation is open is one that was rolled back. */
export const isSettling = ({ state, verifies_until }: KeyStatus, { transition }: ScopeStatus): boolean =>
  state === 'retiring' && transition === null && verifies_until !== undefined;

/** Worth a line where somebody may have seen it. */
export const recoveryLines = ({ recovery }: ScopeStatus): Line[] =>
  recovery === undefined || recovery.used_at === null
    ? []
    : [{ label: 'recovery', text: `${recovery.key_id} was used at ${utc(recovery.used_at)}: it counts as exposed` }];
