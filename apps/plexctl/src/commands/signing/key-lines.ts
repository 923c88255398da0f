import { channelOf, issuerSlug } from '@plexsphere/wire';
import type { KeyStatus, ScopeStatus } from '@plexsphere/wire/commands';
import { age, secondsBetween, type Line } from '../../layout';
import { utc } from '../../render';

/** The one that signs stands first. */
const ORDER = ['active', 'staged', 'retiring', 'retired', 'revoked'] as const satisfies KeyStatus['state'][];

export function keyLines(scope: ScopeStatus, now: string): Line[] {
  const keys = scope.keys.toSorted((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
  const idWidth = Math.max(0, ...keys.map(({ key_id }) => key_id.length));
  const stateWidth = Math.max(0, ...keys.map(({ state }) => state.length));
  const algorithmWidth = Math.max(0, ...keys.map(({ algorithm }) => algorithm.length));
  const algorithmText = ({ algorithm }: KeyStatus): string =>
    scope.algorithms === undefined ? '' : `${algorithm.padEnd(algorithmWidth)}  `;
  return [
    ...keys.map((key, index) => ({
      label: index === 0 ? 'keys' : '',
      text:
        `${key.key_id.padEnd(idWidth)}  ${key.state.padEnd(stateWidth)}  ${algorithmText(key)}` +
        `for ${age(key.age_seconds)}, since ${utc(key.since)}${foreignText(key)}${untilText(key, scope, now)}`,
    })),
    ...knownLines(scope.known_by),
  ];
}

/** Worth a line for as long as an API may refuse what is right. */
export const knownLines = (knownBy: string | null): Line[] =>
  knownBy === null ? [] : [{ label: 'known by', text: knownText(knownBy) }];

/** Whoever asks for keys again where it meets one that it does not know has it at once. */
export const knownText = (knownBy: string): string =>
  `every verifier at ${utc(knownBy)}; until then one that keeps its key set may refuse what the key signs`;

/** Of a key of another service, which ours cannot sign by. */
export const foreignText = ({ jwk_kid: kid }: Pick<KeyStatus, 'jwk_kid'>): string =>
  kid === undefined ? '' : `; of another service${kid === null ? ', its tokens name none' : `, called ${kid}`}`;

export const lastTokenText = (until: string, now: string): string =>
  `its last token ${secondsBetween(now, until) > 0 ? 'ends' : 'ended'} at ${utc(until)}`;

function untilText(key: KeyStatus, scope: ScopeStatus, now: string): string {
  if (key.rotate_by !== undefined && issuerSlug(scope.scope) !== undefined) return standbyText(key);
  if (key.rotate_by !== undefined) return `; to be rotated to before ${utc(key.rotate_by)}`;
  if (key.tokens_until !== undefined) return `; ${lastTokenText(key.tokens_until, now)}`;
  return isSettling(key, scope) ? `; rolled back, settles until ${utc(key.verifies_until ?? '')}` : '';
}

/** Nobody has to wait for it but a rotation. */
const standbyText = ({ propagated_at: from }: KeyStatus): string =>
  `; the standby${from === undefined ? '' : `, to be rotated to from ${utc(from)} on`}`;

/** A key that retires while no rotation from it is open: it was rolled back, or a revoke ended the rotation. */
export const isSettling = ({ key_id, state, verifies_until }: KeyStatus, { transition }: ScopeStatus): boolean =>
  state === 'retiring' && transition?.old_key_id !== key_id && verifies_until !== undefined;

/** Behind the time until which a key that was rolled back verifies. */
export const rolledBackText = (scope: string): string =>
  issuerSlug(scope) !== undefined
    ? ' at the latest: it goes when its last token is over, and keeps no other key out'
    : channelOf(scope) === undefined
      ? '; no other key comes in before'
      : ' at the latest: it goes 5 minutes after every member that signs has switched back, and no other key comes in before';

/** Worth a line where somebody may have seen it. */
export const recoveryLines = ({ recovery }: ScopeStatus): Line[] =>
  recovery === undefined || recovery.used_at === null
    ? []
    : [{ label: 'recovery', text: `${recovery.key_id} was used at ${utc(recovery.used_at)}: it counts as exposed` }];
