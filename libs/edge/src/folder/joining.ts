/**
 * `joining.json`: an enrolment that was asked for and not answered yet. The same token and key are answered the same for ten
 * minutes, so whoever enrols again goes on with it.
 */
import { isTime } from '@plexsphere/wire';
import { nodeKeyOf } from '@plexsphere/wire/jws';
import { EdgeError } from '../edge-error';
import { isText, objectOf } from './json';

export interface Joining {
  /** SHA-256 of the enrolment token, hex: which enrolment it is. */
  tokenHash: string;
  /** Of the new key. Secret. */
  seed: string;
  /** RFC 3339, by the host's clock. */
  askedAt: string;
}

export const joiningText = ({ tokenHash, seed, askedAt }: Joining): string =>
  `${JSON.stringify({ token_hash: tokenHash, seed, asked_at: askedAt })}\n`;

/** @throws EdgeError `state_damaged` */
export function parseJoining(text: string, about: string): Joining {
  const { token_hash: hash, seed, asked_at: askedAt } = objectOf(text) ?? {};
  const isRight = isText(hash) && isText(seed) && nodeKeyOf(seed) !== undefined && isTime(askedAt);
  if (!isRight) throw new EdgeError('state_damaged', about);
  return { tokenHash: hash, seed, askedAt };
}
