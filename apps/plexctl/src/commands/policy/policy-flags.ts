import { SCOPE_KINDS } from '@plexsphere/wire';
import type { PolicyMember } from '@plexsphere/wire/commands';
import { misuse } from '../../failure';
import { oneOf, RINGS_FLAG } from '../flag-definitions';

/** Either: what is decided for all scopes of a kind, or for one scope. */
export const TARGET_FLAGS = {
  kind: { ...oneOf(Object.keys(SCOPE_KINDS) as (keyof typeof SCOPE_KINDS)[]), summary: 'of all scopes of this kind' },
  scope: { ...RINGS_FLAG, required: false, summary: `of this scope alone: ${RINGS_FLAG.summary}` },
} as const;

/** A member of a policy as the command line calls it. */
export const FLAG_OF_MEMBER = {
  algorithm: 'algorithm',
  overlap_window_seconds: 'overlap-window',
  propagation_delay_seconds: 'propagation-delay',
  rotate_every: 'rotate-every',
  close: 'close',
  share_required: 'share-required',
  key_id_pattern: 'key-id-pattern',
  standby: 'standby',
  longest_token_seconds: 'token-life',
} as const satisfies Record<PolicyMember, string>;

export const MEMBERS = Object.entries(FLAG_OF_MEMBER) as [PolicyMember, string][];

type Target = { kind?: string | undefined; scope?: string | undefined };

export function requireTarget({ kind, scope }: Target): void {
  if (kind === undefined && scope === undefined) throw misuse('--kind or --scope is required', 'scope');
  if (kind !== undefined && scope !== undefined) throw misuse('--kind and --scope exclude each other', 'kind');
}

export const targetOf = ({ kind, scope }: Target): { kind?: keyof typeof SCOPE_KINDS; scope?: string } => ({
  ...(kind === undefined ? {} : { kind: kind as keyof typeof SCOPE_KINDS }),
  ...(scope === undefined ? {} : { scope }),
});
