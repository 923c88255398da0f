/** Statements as no honest signer would make them: whatever they say, by whatever keys. */
import { createHash } from 'node:crypto';
import { forgedStatement, type SeededRandom, type TestKey } from '@plexsphere/testkit';
import { PLATFORM, publicText, type Scope, type TrustedKey } from '@plexsphere/wire';
import {
  STATEMENT_TYPES,
  activeKeyOf,
  type ChainAnchor,
  type Statement,
  type StatementType,
  type TrustAnchor,
} from '@plexsphere/wire/jws';

/** What is wrong with one that is as like a true one as it can be. */
export const SLIPS = ['epoch', 'next', 'possession', 'previous', 'authority_epoch', 'kid'] as const;
export type Slip = (typeof SLIPS)[number] | 'nothing';

export interface Forged {
  text: string;
  statement: Statement;
  /** What is held after it. */
  claim: TrustAnchor;
}

export interface Forger {
  random: SeededRandom;
  nowMs: number;
  by: TestKey;
  /** A key that might come in, and what signs for it: that key, or whatever the forger has. */
  comer: TrustedKey;
  possession: TestKey;
  /** Hash of a key that is the forger's own. */
  next: string;
  /** Of some other statement of the ring. */
  elsewhere: string;
  /** When it says that it was made, from now. */
  opensInMs: number;
}

/** One that follows what a Node holds of a ring. */
export function forgeStatement(
  { random, nowMs, by, comer, possession, next: ownNext, elsewhere, opensInMs }: Forger,
  scope: Scope,
  anchor: ChainAnchor,
  platform: ChainAnchor,
  type: StatementType,
  slip: Slip,
): Forged {
  const { authority, next: rule, closes, expires } = STATEMENT_TYPES[type];
  const signing = activeKeyOf(anchor);
  const beside = anchor.keys.find(({ keyId }) => keyId !== signing.keyId);
  const besideOrNew = beside !== undefined && random.next() < 0.7 ? beside : comer;
  const [old, next] = {
    create: [signing, comer],
    rotate: [signing, besideOrNew],
    stage: [signing, comer],
    unstage: [beside ?? comer, signing],
    rollback: [signing, besideOrNew],
    revoke: random.next() < 0.7 ? [signing, besideOrNew] : [beside ?? comer, signing],
    recommit: [signing, signing],
    recovery: [signing, comer],
    import: [signing, besideOrNew],
  }[type] as [TrustedKey, TrustedKey];
  const at = (ms: number): string => new Date(nowMs + ms).toISOString();
  const brings = next === comer && type !== 'rollback';
  const isMadeAnew = rule === 'made_anew' || (rule === 'committed' && brings);
  const isSuperiors = authority === 'superior' && scope !== PLATFORM;
  const nextEpoch = random.pick([anchor.headEpoch + 1, anchor.epoch + 1, Number.MAX_SAFE_INTEGER]);
  const statement: Statement = {
    type,
    scope,
    epoch: slip === 'epoch' ? random.pick([1, anchor.headEpoch]) : Math.min(nextEpoch, Number.MAX_SAFE_INTEGER),
    authority_epoch: isSuperiors
      ? slip === 'authority_epoch'
        ? 1
        : random.pick([platform.headEpoch, platform.epoch])
      : null,
    old_key_id: type === 'create' ? null : old.keyId,
    old_public_key: type === 'create' ? null : publicText(old.publicKey),
    new_key_id: next.keyId,
    new_public_key: publicText(next.publicKey),
    opened_at: at(opensInMs),
    closes_at: closes ? at(3_600_000) : null,
    transition_expires: expires ? at(3_600_000) : null,
    next: isMadeAnew === (slip !== 'next') ? ownNext : anchor.next,
    previous: slip === 'previous' ? elsewhere : anchor.statementHash,
  };
  const authorityKey = { ...by, keyId: slip === 'kid' ? signing.keyId : by.keyId };
  const text = forgedStatement(statement, authorityKey, brings === (slip !== 'possession') ? possession : null);
  const payload = Buffer.from((JSON.parse(text) as { payload: string }).payload, 'base64url');
  const hash = createHash('sha256').update(payload).digest('base64url');
  return { text, statement, claim: claimAfter(statement, hash, anchor, { old, next }) };
}

/** What a bundle would say after it. */
function claimAfter(
  { type, epoch, next: committed, transition_expires }: Statement,
  hash: string,
  anchor: ChainAnchor,
  { old, next }: { old: TrustedKey; next: TrustedKey },
): TrustAnchor {
  const { active, beside } = STATEMENT_TYPES[type];
  const signing = activeKeyOf(anchor);
  const held = anchor.keys.filter(({ keyId }) => keyId !== signing.keyId);
  const left = active === 'old' ? old : active === 'new' ? next : signing;
  const others = beside === 'old' ? [old] : beside === 'new' ? [next] : beside === 'nobody' ? [] : held;
  return {
    epoch,
    trust_epoch: epoch,
    active_key_id: left.keyId,
    staged_key_id: beside === 'new' ? next.keyId : beside === 'unchanged' ? anchor.stagedKeyId : null,
    keys: [left, ...others.filter(({ keyId }) => keyId !== left.keyId)].map(({ keyId, publicKey }, at) => ({
      key_id: keyId,
      public_key: publicText(publicKey),
      ...(at > 0 && { not_after: transition_expires ?? '2099-01-01T00:00:00Z' }),
    })),
    statement_hash: hash,
    head_epoch: epoch,
    next: committed,
  };
}
