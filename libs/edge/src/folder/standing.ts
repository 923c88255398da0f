/** `standing.json`: what the platform last said of the Node. Known without asking, and never what decides. */
import { isTime } from '@plexsphere/wire';
import { objectOf } from './json';

export const NODE_STANDINGS = ['active', 'revoked', 'removed', 'superseded'] as const;
export type NodeStanding = (typeof NODE_STANDINGS)[number];

export interface Standing {
  status: NodeStanding;
  /** Since when a key that was replaced goes on being used. */
  contestedSince: string | null;
}

export const FIRST_STANDING: Standing = { status: 'active', contestedSince: null };

export const standingText = ({ status, contestedSince }: Standing): string =>
  `${JSON.stringify({ status, contested_since: contestedSince })}\n`;

/** Anything else says nothing: the platform is asked anew. */
export function parseStanding(text: string): Standing {
  const { status: said, contested_since: contestedSince = null } = objectOf(text) ?? {};
  const status = NODE_STANDINGS.find((each) => each === said);
  const isSince = contestedSince === null || isTime(contestedSince);
  return status === undefined || !isSince ? FIRST_STANDING : { status, contestedSince };
}
