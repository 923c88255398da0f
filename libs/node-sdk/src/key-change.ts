/** What comes of a message that changes whom a Node trusts. */
import { JwsError, type JwsRefusal } from '@plexsphere/wire/jws';
import type { TrustState } from './trust-state';

export type KeyRefusal =
  | JwsRefusal
  /** It speaks of another scope than this Node's. */
  | 'wrong_scope'
  /** A bundle older than what this Node has taken. */
  | 'epoch_went_back';

export type KeyChange =
  | { kind: 'taken'; state: TrustState }
  /** Nothing newer than what the Node has: done with, and nothing changes. */
  | { kind: 'superseded' }
  | { kind: 'refused'; reason: KeyRefusal };

export class KeyChangeError extends Error {
  override readonly name = 'KeyChangeError';

  constructor(readonly code: KeyRefusal) {
    super(`key change refused: ${code}`);
  }
}

/** Runs `change`; its JwsError or KeyChangeError becomes a refusal. */
export async function refusing(change: () => Promise<KeyChange>): Promise<KeyChange> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof JwsError || error instanceof KeyChangeError) return { kind: 'refused', reason: error.code };
    throw error;
  }
}
