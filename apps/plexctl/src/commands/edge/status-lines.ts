import type { EdgeStatus } from '@plexsphere/edge';
import { labelled, type Line } from '../../layout';
import { utc } from '../../render';

const OVER: Record<Exclude<EdgeStatus['status'], 'active'>, string> = {
  revoked: 'revoked: this host comes back by plexctl edge enroll --replace with a new token',
  removed: 'removed: this host comes back by plexctl edge enroll --replace with a new token',
  superseded: 'superseded: somebody has changed this key, with a copy of it; have the Node revoked, and enrol anew',
};

/** What `edge status` says, a line each. */
export const statusText = (status: EdgeStatus): string => labelled(linesOf(status)).join('\n');

function linesOf(status: EdgeStatus): Line[] {
  const { node_id, scope, name, generation, key_fingerprint, token_expires, archive } = status;
  const archived = archive.map(({ file, delete_at }, index) => ({
    label: index === 0 ? 'archive' : '',
    text: `${file}, deleted at ${utc(delete_at)}`,
  }));
  return [
    { label: 'node_id', text: node_id },
    { label: 'scope', text: scope },
    { label: 'name', text: name },
    { label: 'status', text: standingOf(status) },
    { label: 'key_fingerprint', text: key_fingerprint },
    { label: 'generation', text: String(generation) },
    { label: 'token_expires', text: token_expires === null ? 'never' : utc(token_expires) },
    { label: 'rotate_after', text: cadenceOf(status) },
    ...oddities(status),
    ...archived,
  ];
}

function standingOf({ status, connected }: EdgeStatus): string {
  if (status !== 'active') return OVER[status];
  if (connected === null) return 'enrolled; no agent runs here';
  return connected ? 'connected' : 'not connected';
}

function cadenceOf({ rotate_after: after, overdue }: EdgeStatus): string {
  if (after === null) return '-';
  return overdue ? `${utc(after)}: overdue, plexctl edge keys rotate` : utc(after);
}

/** Not as it should be, or not for long. */
const oddities = ({ pending, contested_since: since }: EdgeStatus): Line[] => [
  ...(pending === null
    ? []
    : [{ label: 'pending', text: `a ${pending.replace('-', ' ')}: asked for, not answered yet` }]),
  ...(since === null
    ? []
    : [{ label: 'contested', text: `since ${utc(since)}: a key that was replaced is used by somebody` }]),
];
