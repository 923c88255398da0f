export type TransitionOutcome = 'closed' | 'rolled_back' | 'revoked';

/** Where a rotation is: `staged` as long as the new key does not sign. */
export type TransitionPhase = 'staged' | 'active' | TransitionOutcome;

/** One rotation of one scope. The overlap window is `closesAt − activatedAt`. */
export interface Transition {
  readonly scope: string;
  readonly oldKeyId: string;
  readonly newKeyId: string;
  readonly openedAt: Date;
  /** When the new key began to sign: at once where verifiers are told; where they prove it, null until all of them have. */
  readonly activatedAt: Date | null;
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

export const phaseOf = ({ outcome, activatedAt }: Pick<Transition, 'outcome' | 'activatedAt'>): TransitionPhase =>
  outcome ?? (activatedAt === null ? 'staged' : 'active');
