import { activeKey, publishedName, type Key, type KeyRing } from './key-ring';
import { isTrusted } from './key-state';
import { invariantViolation, Refusal } from './refusal';
import { changed, refuseForeign, refuseUsed, type RingChange } from './ring-change';
import type { ScopePolicy } from './scope-policy';
import type { Transition } from './transition';
import { heldKeys } from './trusted-keys';

/** A key of another service, whose tokens go on being verified by this ring's key set while everybody moves here. */
export interface ImportKey {
  /** In this ring; the one that it has, where it was imported before. */
  readonly keyId: string;
  /** What its tokens call it; null where they name no key. */
  readonly kid: string | null;
  readonly signsUntil: Date;
  /** How long a token lives at the most that it signs there. */
  readonly tokenLifeMs: number;
  readonly at: Date;
  readonly clockSkewMs: number;
  /** Other keys that verify now and that are of its type: whoever reads no name cannot tell them from it. */
  readonly ofItsType: readonly string[];
  /** Whether the keys that this ring makes are of that type, too. */
  readonly isMadeOfItsType: boolean;
}

/** What is decided here goes on for no longer, whatever somebody has typed. */
const LONGEST_MS = 366 * 86_400_000;

/**
 * It verifies, and signs nothing here, until its last token is over; then it is put away as any key that settles. Imported
 * again it verifies until later, never until earlier: its tokens are out. The ring's superior vouches for it, since nobody
 * here has it.
 *
 * @throws Refusal in this order: `invariant_violation`; where it is there `key_id_in_use`, `key_revoked`, `key_retired`,
 * `tokens_end_earlier`; `key_id_in_use` where what it is called is taken, `other_key_of_type`
 */
export function importKey(
  ring: KeyRing,
  transition: Transition | null,
  command: ImportKey,
  policy: ScopePolicy,
): RingChange {
  const { keyId, kid, signsUntil, tokenLifeMs, at, clockSkewMs } = command;
  refuseForeign(ring, transition);
  if (!policy.signs.includes('token') || keyId === '') {
    throw new Refusal('invariant_violation', { field: 'scope', reason: 'its keys sign no tokens' });
  }
  if (!Number.isSafeInteger(tokenLifeMs) || tokenLifeMs <= 0 || tokenLifeMs > LONGEST_MS) {
    throw invariantViolation('foreignTokenLife');
  }
  const tokensUntil = new Date(signsUntil.getTime() + tokenLifeMs);
  // A time that is none is neither.
  if (!(at < tokensUntil)) throw refusedTime('the last token is over by now');
  if (!(signsUntil.getTime() <= at.getTime() + LONGEST_MS)) throw refusedTime('it is more than 366 days from now');
  const before = ring.keys.find((key) => key.keyId === keyId);
  refuseMove(before, tokensUntil);
  refuseTaken(ring, command);
  if (before === undefined && heldKeys(ring.keys, policy).length >= policy.mostTrusted)
    throw invariantViolation('keys');
  refuseAmbiguous(ring, command);

  const verifiesUntil = new Date(tokensUntil.getTime() + clockSkewMs);
  const terms = { verifiesUntil, tokensUntil, foreign: { kid, signsUntil } };
  const longestTokenMs = Math.max(before?.longestTokenMs ?? 0, tokenLifeMs);
  const imported: Key = { ...(before ?? come(keyId)), ...terms, longestTokenMs };
  return changed(ring, 'import', {
    keys: before === undefined ? [...ring.keys, imported] : ring.keys.map((key) => (key === before ? imported : key)),
    transition,
    statement: {
      ...{ oldKeyId: activeKey(ring).keyId, newKeyId: keyId },
      ...{ bySuperior: true, transitionExpires: verifiesUntil },
    },
  });
}

const refusedTime = (reason: string): Refusal =>
  new Refusal('invariant_violation', { field: 'foreignSignsUntil', reason });

const come = (keyId: string): Omit<Key, 'foreign'> => ({
  ...{ keyId, state: 'retiring', verifiesUntil: null, stagedAt: null, publishedAt: null, rotateBy: null },
  ...{ longestTokenMs: null, tokensUntil: null },
});

function refuseMove(before: Key | undefined, tokensUntil: Date): void {
  if (before === undefined) return;
  const { keyId, state, foreign } = before;
  if (foreign === null) throw new Refusal('key_id_in_use', { newKeyId: keyId });
  if (state === 'revoked') throw new Refusal('key_revoked', { keyId });
  if (state !== 'retiring') throw new Refusal('key_retired', { keyId });
  if (before.tokensUntil !== null && tokensUntil < before.tokensUntil) {
    const reason = 'tokens by it may live for longer, as it was imported before: it is never moved back';
    throw new Refusal('tokens_end_earlier', {
      ...{ field: 'foreignSignsUntil', reason, keyId, tokensUntil: before.tokensUntil },
    });
  }
}

/** Of two keys of one name verifiers would take either. */
function refuseTaken({ keys, ...ring }: KeyRing, { keyId, kid }: ImportKey): void {
  const others = { ...ring, keys: keys.filter((key) => key.keyId !== keyId) };
  refuseUsed(others, keyId);
  if (kid !== null) refuseUsed(others, kid);
}

/**
 * Whoever is shown a token that names no key, and two keys of its type, refuses it: so a key whose tokens name none stands
 * alone, and no other of its type comes beside it.
 */
function refuseAmbiguous({ keys }: KeyRing, { kid, ofItsType, isMadeOfItsType }: ImportKey): void {
  const others = keys.filter(({ keyId, state }) => isTrusted(state) && ofItsType.includes(keyId));
  const inTheWay = kid === null ? others : others.filter((key) => publishedName(key) === undefined);
  if (inTheWay.length > 0 || (kid === null && isMadeOfItsType))
    throw new Refusal('other_key_of_type', { keyIds: inTheWay.map(({ keyId }) => keyId) });
}
