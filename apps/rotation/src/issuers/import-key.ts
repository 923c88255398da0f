import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RingChange } from '@plexsphere/keyring';
import { SigningKeyEntity, type OperatorEntity } from '@plexsphere/store';
import { COMMANDS, Problem, isPublicKey, problem, type Scope } from '@plexsphere/wire';
import type { ImportKeyReply, PlanImport, PlanImportReply, Switched } from '@plexsphere/wire/commands';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { ChangeDecisions, type ToImport } from '../rings/change-decisions';
import { ChangeRing, type Changed } from '../rings/change-ring';
import { changedReply } from '../rings/changed-reply';
import { existing, readRing, snapshotRing, type StoredRing } from '../rings/read-ring';
import { blockedBy, findForPlan } from '../rotations/plan-facts';
import { RotationConfig } from '../rotation-config';
import { readSnapshot } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';

type Asked = PlanImport & { scope: Scope };

/** Keys of other services, by their public halves alone: nobody sends a private one anywhere. */
@Injectable()
export class ImportKey {
  constructor(
    private readonly database: DataSource,
    private readonly rings: ChangeRing,
    private readonly decisions: ChangeDecisions,
    private readonly config: RotationConfig,
  ) {}

  /** @throws Problem invariantViolation, keyIdInUse, keyRevoked, otherKeyOfType */
  async import(asked: Asked, reason: string | null, identity: RequestIdentity): Promise<ImportKeyReply> {
    const { scope } = asked;
    const present = await existing(snapshotRing(this.database, scope));
    const importing = importingOf(asked, present);
    await refuseOurs(this.database.manager, importing);
    const { algorithm, publicKey } = importing;
    return this.rings.change(
      {
        ...{ scope, reason, imported: { algorithm, publicKey } },
        // Another import of it may have been first, and given it the name that it has.
        decide: (before, at) => this.decisions.import({ ...importing, keyId: nameOf(before, importing) })(before, at),
        detail: () => ({ algorithm, jwk_kid: importing.kid, foreign_signs_until: asked.foreign_signs_until }),
        reply: (changed) => asReply(changed, importing),
      },
      identity,
    );
  }

  plan(asked: Asked, { role }: Pick<OperatorEntity, 'role'>): Promise<PlanImportReply> {
    const { scope } = asked;
    return readSnapshot(this.database, async (manager, now) => {
      const found = await findForPlan(manager, scope, { now, leaseMs: this.config.leaseMs });
      const stored = await existing(readRing(manager, scope));
      const { key, before, refused } = await this.attempted(manager, asked, stored, now);
      return {
        scope,
        imported_key_id: key?.keyId ?? null,
        jwk_kid: asked.jwk_kid ?? null,
        tokens_until: key?.tokensUntil?.toISOString() ?? null,
        verifies_until: key?.verifiesUntil?.toISOString() ?? null,
        moves_from: before?.tokensUntil?.toISOString() ?? null,
        blocked_by: blockedBy(found, { role, needed: COMMANDS['issuer.import'].role }, () =>
          refused === null ? [] : [refused.detail],
        ),
        refused: refused?.body ?? null,
      };
    });
  }

  private async attempted(manager: EntityManager, asked: Asked, stored: StoredRing, now: Date) {
    try {
      const importing = importingOf(asked, stored);
      await refuseOurs(manager, importing);
      const isIt = ({ keyId }: { keyId: string }): boolean => keyId === importing.keyId;
      const after = this.decisions.import(importing)(stored, now);
      return { key: after.ring.keys.find(isIt), before: stored.ring.keys.find(isIt), refused: null };
    } catch (error) {
      if (error instanceof Problem) return { key: undefined, before: undefined, refused: error };
      throw error;
    }
  }
}

/** @throws Problem invariantViolation */
function importingOf(asked: Asked, stored: StoredRing): ToImport {
  const { algorithm, public_key: publicKey, jwk_kid: kid = null, foreign_token_life_seconds: life } = asked;
  if (!isPublicKey(publicKey, algorithm)) throw problem('invariantViolation', { field: 'public_key' });
  const signsUntil = new Date(asked.foreign_signs_until);
  const importing = { algorithm, publicKey, kid, signsUntil, tokenLifeMs: life * 1_000 };
  const keyId = nameOf(stored, importing);
  // The same numbers make a key of either algorithm of RSA.
  const present = stored.keys.find((key) => key.keyId === keyId);
  if (present !== undefined && present.algorithm !== algorithm) {
    throw problem('invariantViolation', { field: 'algorithm', key_id: keyId });
  }
  return { ...importing, keyId };
}

/**
 * A key of a ring here signs what that ring's keys sign: data of a Domain's, say, which a verifier that looks at no `typ` would
 * take for a token of this issuer from then on. A key that two other services share may stand in two rings.
 * @throws Problem invariantViolation
 */
async function refuseOurs(manager: EntityManager, { publicKey }: ToImport): Promise<void> {
  if (await manager.existsBy(SigningKeyEntity, { publicKey, foreignSignsUntil: IsNull() })) {
    throw problem('invariantViolation', {
      field: 'public_key',
      reason: 'it is a key of ours, and no foreign one',
    });
  }
}

/**
 * By the key itself: so whoever imports it again is told from whoever imports another. One that was put away comes back under
 * another name, since names are taken for ever; one that was thrown out keeps its name, by which it is refused.
 */
function nameOf({ keys }: StoredRing, { publicKey, algorithm }: Pick<ToImport, 'publicKey' | 'algorithm'>): string {
  const isIt = (key: (typeof keys)[number]): boolean => key.publicKey === publicKey;
  const present = keys.find((key) => isIt(key) && (key.foreignSignsUntil === null || key.state !== 'retired'));
  if (present !== undefined) return present.keyId;
  const hash = createHash('sha256').update(`${algorithm} ${publicKey}`).digest('base64url').slice(0, 16);
  const times = keys.filter(isIt).length;
  return `foreign-${hash}${times === 0 ? '' : `-${times + 1}`}`;
}

function asReply(changed: Changed<RingChange>, { algorithm, kid }: ToImport): Omit<ImportKeyReply, keyof Switched> {
  const keyId = changed.after.statement?.newKeyId ?? '';
  const { foreign, tokensUntil, verifiesUntil } = changed.after.ring.keys.find((key) => key.keyId === keyId) ?? {};
  if (!foreign || !tokensUntil || !verifiesUntil) throw new Error('nothing is imported');
  return {
    ...changedReply(changed),
    imported_key_id: keyId,
    algorithm,
    jwk_kid: kid,
    foreign_signs_until: foreign.signsUntil.toISOString(),
    tokens_until: tokensUntil.toISOString(),
    verifies_until: verifiesUntil.toISOString(),
  };
}
