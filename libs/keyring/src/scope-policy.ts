import { invariantViolation } from './refusal';

/** What a signer makes with a ring's keys; each verifier takes one kind of text and refuses the others. */
export type SignedText = 'statement' | 'envelope' | 'bundle' | 'data' | 'token';

/** What the product fixes for every ring of one kind of scope. What an installation decides is its `Policy`. */
export interface ScopePolicy {
  /** Which its keys may be of: rows of the wire's table of algorithms. */
  readonly algorithms: readonly string[];
  /** The one of them that a key is made of where nobody has decided otherwise. */
  readonly algorithm: string;
  /** Where that is not a statement, the ring has none: its keys cannot vouch for one another. */
  readonly signs: readonly SignedText[];
  /** How many keys the verifier with the least room holds at once. */
  readonly mostTrusted: number;
  /**
   * Whether a new key signs at once, since whoever verifies is told of it before anything by it arrives; or has to be
   * staged first, since whoever verifies asks when it likes; or proven first, since whoever verifies is few and says so.
   */
  readonly newKey: 'signs_at_once' | 'is_staged_first' | 'is_proven_first';
  /** Who throws a key of it out, or takes one back: a key that is gone, or came back, never vouches for itself. */
  readonly superior: 'recovery_key' | 'platform_key';
  /** Whether each statement commits to the key that may come in after the next one, made ahead. */
  readonly commitsAhead: boolean;
  /**
   * Whether another policy of such a ring is a change of the ring, because whoever signs by it goes by that too. Where it
   * is not, nobody is told.
   */
  readonly policyRaisesEpoch: boolean;
  /**
   * What keeps the old key: until closes_at Nodes that have not applied the change, or members that may go by it; until they
   * end tokens by it; nothing.
   */
  readonly gate: 'nodes' | 'tokens' | 'members' | 'none';
  /**
   * Which event tells of a change of trust: to the Nodes that are in the scope itself, and to all others. Where its own
   * are told nothing, no Node can be in it.
   */
  readonly tells: { readonly ownNodes: KeyEvent | null; readonly otherNodes: KeyEvent | null };
}

type KeyEvent = 'signing_key_rotated' | 'platform_key_rotated';

/** Two keys are what a Node holds (a Go Node: `current` and `previous`). */
const MESH: Omit<ScopePolicy, 'signs' | 'superior' | 'tells'> = {
  algorithms: ['Ed25519'],
  algorithm: 'Ed25519',
  mostTrusted: 2,
  newKey: 'signs_at_once',
  commitsAhead: true,
  policyRaisesEpoch: false,
  gate: 'nodes',
};

/** By kind of scope. This table and the two of the wire (forms of scopes, algorithms) are what a new kind needs. */
export const SCOPE_POLICIES: Readonly<Record<string, ScopePolicy>> = {
  platform: {
    ...MESH,
    signs: ['statement', 'envelope', 'bundle', 'data'],
    superior: 'recovery_key',
    tells: { ownNodes: 'signing_key_rotated', otherNodes: 'platform_key_rotated' },
  },
  domain: {
    ...MESH,
    signs: ['statement', 'envelope', 'data'],
    superior: 'platform_key',
    tells: { ownNodes: 'signing_key_rotated', otherNodes: null },
  },
  /**
   * Whoever verifies is a stranger, who fetches a key set now and then and takes whatever stands in it; some look at no
   * `typ`. So a key signs tokens and what proves the ring, and nothing that could pass for a token.
   */
  issuer: {
    algorithms: ['ES256', 'Ed25519', 'RS256', 'PS256'],
    algorithm: 'ES256',
    signs: ['statement', 'token'],
    // Keys of 4,096 bits, all of them: a set of 14 KB. Several retire at once after a rollback, a revoke, an import.
    mostTrusted: 16,
    newKey: 'is_staged_first',
    superior: 'platform_key',
    commitsAhead: false,
    policyRaisesEpoch: true,
    gate: 'tokens',
    tells: { ownNodes: null, otherNodes: null },
  },
  /**
   * One direction of a secret that two parties share. Those who hold it sign and verify by it themselves: so there is no
   * public half, nothing to state, and its members alone are told, each under a seal of its own.
   */
  channel: {
    algorithms: ['HS256'],
    algorithm: 'HS256',
    signs: [],
    // The one that signs, one that is staged, and what a rotation or a rollback leaves; a revoke may leave one more.
    mostTrusted: 4,
    newKey: 'is_proven_first',
    superior: 'platform_key',
    commitsAhead: false,
    policyRaisesEpoch: false,
    gate: 'members',
    tells: { ownNodes: null, otherNodes: null },
  },
};

/** @throws Refusal `invariant_violation` where no ring can be of this kind */
export function scopePolicy(kind: string | undefined): ScopePolicy {
  const policy = kind !== undefined && Object.hasOwn(SCOPE_POLICIES, kind) ? SCOPE_POLICIES[kind] : undefined;
  if (policy === undefined) throw invariantViolation('scope');
  return policy;
}

/** Whether each change of trust in such a ring is a statement, by which others may follow it. */
export const hasStatements = (policy: Pick<ScopePolicy, 'signs'>): boolean => policy.signs.includes('statement');
