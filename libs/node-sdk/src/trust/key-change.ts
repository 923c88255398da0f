/** What comes of a message that changes whom a Node trusts. */
import { JwsError } from '@plexsphere/wire/jws';
import type { KeyRefusal } from '../node-observer';
import type { TrustState } from './trust-state';

export type KeyChange =
  /** `refused`: why the Node's own ring stays what it was, where only the platform's has changed. */
  | { kind: 'taken'; state: TrustState; refused?: KeyRefusal }
  /** Nothing newer than what the Node has. `state` differs at most in when that was confirmed last. */
  | { kind: 'superseded'; state: TrustState }
  | Refusal;

interface Refusal {
  kind: 'refused';
  reason: KeyRefusal;
}

export class KeyChangeError extends Error {
  override readonly name = 'KeyChangeError';

  constructor(readonly code: KeyRefusal) {
    super(`key change refused: ${code}`);
  }
}

/** Runs `change`; its JwsError or KeyChangeError becomes a refusal. */
export async function refusing<Outcome>(change: () => Promise<Outcome>): Promise<Outcome | Refusal> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof JwsError || error instanceof KeyChangeError) return { kind: 'refused', reason: error.code };
    throw error;
  }
}
