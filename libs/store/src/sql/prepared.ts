import { createHash } from 'node:crypto';

/**
 * A statement that each connection plans once, by its name: for the few that run all the time. To plan one of those takes a
 * database five to ten times as long as to answer it.
 */
export interface Prepared {
  name: string;
  text: string;
}

export const prepared = (text: string): Prepared => ({
  name: createHash('sha256').update(text).digest('base64url'),
  text,
});
