/**
 * What a statement of each type is: who vouches for it, what the keys are that it names, which one signs after it and who
 * else is trusted, and what it says of the key ahead. One table for those who make statements and for those who read them.
 */
import { PLATFORM, scopeKind, type Scope, type ScopeKind } from '../scope';

export type StatementType = keyof typeof STATEMENT_TYPES;

/** The ring's own active key, or its superior: of `platform` the recovery key, of every other ring the platform key. */
export type Authority = 'active' | 'superior';

/** What a key is in the ring before a statement. A `fresh` one comes in by it and signs it, an `absent` one does not. */
export type KeyRole = 'active' | 'staged' | 'retiring' | 'fresh' | 'absent';

interface StatementRules {
  authority: Authority;
  /** What `old` and `new` may be; of the first statement there is no old key. */
  keys: readonly { old: KeyRole | null; new: KeyRole }[];
  /** The members that may be null and are not. */
  closes: boolean;
  expires: boolean;
  /** Which of the two signs after it, as far as it says. */
  active: 'old' | 'new' | 'unchanged';
  /** Who else is trusted after it, until transition_expires. */
  beside: 'old' | 'new' | 'nobody' | 'unchanged';
  /** Whether the one beside it is one that will sign. */
  stages: boolean;
  /** Whether by the superior it replaces all that a verifier holds of the ring: the way back from a fork. */
  replaces: boolean;
  /**
   * Of the key ahead. `committed`: a fresh key is the one that the statement before committed to, and a commitment to
   * another is made anew; where no key is fresh it is kept. What is `made_anew` is never the former one.
   */
  next: 'committed' | 'made_anew' | 'kept';
}

export const STATEMENT_TYPES = {
  /** The first of a ring. */
  create: {
    authority: 'superior',
    keys: [{ old: null, new: 'fresh' }],
    closes: false,
    expires: false,
    active: 'new',
    beside: 'nobody',
    stages: false,
    replaces: false,
    next: 'made_anew',
  },
  rotate: {
    authority: 'active',
    keys: [
      { old: 'active', new: 'fresh' },
      { old: 'active', new: 'staged' },
    ],
    closes: true,
    expires: true,
    active: 'new',
    beside: 'old',
    stages: false,
    replaces: false,
    next: 'committed',
  },
  stage: {
    authority: 'active',
    keys: [{ old: 'active', new: 'fresh' }],
    closes: false,
    expires: true,
    active: 'old',
    beside: 'new',
    stages: true,
    replaces: false,
    next: 'committed',
  },
  unstage: {
    authority: 'active',
    keys: [{ old: 'staged', new: 'active' }],
    closes: false,
    expires: false,
    active: 'new',
    beside: 'nobody',
    stages: false,
    replaces: false,
    next: 'kept',
  },
  /** Whoever dropped the retiring key, since its time was over, takes it back on the word of the superior alone. */
  rollback: {
    authority: 'superior',
    keys: [
      { old: 'active', new: 'retiring' },
      { old: 'active', new: 'absent' },
    ],
    closes: false,
    expires: true,
    active: 'new',
    beside: 'old',
    stages: false,
    replaces: true,
    next: 'kept',
  },
  /** `old` goes: the active key, and `new` takes its place; or any other, and `new` is the active one, which stays. */
  revoke: {
    authority: 'superior',
    keys: [
      { old: 'active', new: 'fresh' },
      { old: 'active', new: 'staged' },
      { old: 'staged', new: 'active' },
      { old: 'retiring', new: 'active' },
      { old: 'absent', new: 'active' },
    ],
    closes: false,
    expires: false,
    active: 'new',
    beside: 'nobody',
    stages: false,
    replaces: true,
    next: 'made_anew',
  },
  /** Only the key ahead changes. */
  recommit: {
    authority: 'superior',
    keys: [{ old: 'active', new: 'active' }],
    closes: false,
    expires: false,
    active: 'new',
    beside: 'unchanged',
    stages: false,
    replaces: false,
    next: 'made_anew',
  },
  /**
   * A key of another service verifies as well, until the last token that it signs there is over. Nobody here has it, so it
   * proves nothing of itself, and a thief of the active key must not bring in his own: the superior vouches. Again for one
   * that verifies until later. In no ring of a mesh, whose verifiers have no room for it.
   */
  import: {
    authority: 'superior',
    keys: [
      { old: 'active', new: 'absent' },
      { old: 'active', new: 'retiring' },
    ],
    closes: false,
    expires: true,
    active: 'old',
    beside: 'new',
    stages: false,
    replaces: false,
    next: 'kept',
  },
  /** In the ring of `platform`: its keys are recovery keys, and the old one vouches for the new. */
  recovery: {
    authority: 'superior',
    keys: [{ old: 'absent', new: 'fresh' }],
    closes: false,
    expires: false,
    active: 'unchanged',
    beside: 'unchanged',
    stages: false,
    replaces: false,
    next: 'kept',
  },
} as const satisfies Record<string, StatementRules>;

export const rulesOf = (type: StatementType): StatementRules => STATEMENT_TYPES[type];

export const isStatementType = (type: unknown): type is StatementType =>
  typeof type === 'string' && Object.hasOwn(STATEMENT_TYPES, type);

/** Whose key may vouch. Of `platform` a rollback by the active key, too: it is the one that goes. */
export const authoritiesFor = (type: StatementType, scope: Scope): readonly Authority[] =>
  type === 'rollback' && scope === PLATFORM ? ['active', 'superior'] : [rulesOf(type).authority];

/** Whether another ring's key vouches, so that the statement names an epoch of that ring: none does for `platform`. */
export const isByPlatform = (type: StatementType, scope: Scope): boolean =>
  rulesOf(type).authority === 'superior' && scope !== PLATFORM;

/** Those of a mesh do, whose verifiers a thief can cut off: others fetch their keys anew, and `next` is null there. */
const COMMITS: Readonly<Record<ScopeKind, boolean>> = { platform: true, domain: true, issuer: false, channel: false };

/** Whether the statements of a ring commit to the key ahead. */
export function commitsAhead(scope: Scope): boolean {
  const kind = scopeKind(scope);
  return kind !== undefined && COMMITS[kind];
}
