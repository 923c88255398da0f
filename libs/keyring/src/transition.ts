export type TransitionOutcome = 'closed' | 'rolled_back' | 'revoked';

/** One rotation of one scope. The overlap window is `closesAt − openedAt`. */
export interface Transition {
  readonly scope: string;
  readonly oldKeyId: string;
  readonly newKeyId: string;
  readonly openedAt: Date;
  readonly closesAt: Date;
  /** Until when a verifier that hears nothing more takes the old key: what every verifier was promised. */
  readonly transitionExpires: Date;
  /** How it ended; null while it is open. */
  readonly outcome: TransitionOutcome | null;
}

export interface OpenTransition extends Transition {
  readonly outcome: null;
}

export const isOpen = (transition: Transition | null): transition is OpenTransition => transition?.outcome === null;
