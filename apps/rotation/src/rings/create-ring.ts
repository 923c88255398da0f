import { Inject, Injectable } from '@nestjs/common';
import { createRing, keyIdFrom, type KeyRing, type RingPolicy } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { IssuerEntity, KeyRingEntity, insertRing } from '@plexsphere/store';
import { PLATFORM, problem, scopeName, type AlgorithmName, type ProblemName, type Scope } from '@plexsphere/wire';
import { DataSource, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { asProblem, refusedPolicy } from '../policies/policy-check';
import {
  decisionsAtBirth,
  ringPolicy,
  writeDecisionsAtBirth,
  type PolicyDecisions,
} from '../policies/policy-decisions';
import { MEMBER_NAMES } from '../policies/policy-view';
import type { MadeEpoch } from '../rotations/after-commit';
import { EpochSwitch } from '../rotations/epoch-switch';
import { Preparation, type PreparedTerms } from '../rotations/preparation';
import { RotationConfig } from '../rotation-config';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { existing, policyOf, snapshotRing } from './read-ring';
import { ringRecord } from './ring-view';

interface RingToCreate {
  scope: Scope;
  /** Without it a name is made of the date. */
  keyId?: string;
  /** Decided for it from its birth on. */
  own?: Partial<RingPolicy>;
  /** Of one whose keys sign tokens. @throws Problem where it cannot be; asked before anything is made, and again */
  issuer?: (manager: EntityManager) => Promise<NewIssuer>;
  /** What whoever asks hears where the scope has a ring. */
  refusal: { name: ProblemName; field: string };
}

/** What its tokens name, where it is served, and whom it takes the place of the default one from. */
export interface NewIssuer {
  url: string;
  isDefault: boolean;
  unseats: Scope | null;
}

export interface CreatedRing extends MadeEpoch {
  keyId: string;
  algorithm: AlgorithmName;
  issuer: NewIssuer | null;
}

/** What a ring is born with. */
interface Birth {
  ring: KeyRing;
  keyId: string;
  algorithm: AlgorithmName;
  issuer: NewIssuer | null;
  longestTokenMs: number;
  decided: PolicyDecisions;
}

/**
 * Any ring but the platform's is born here: at epoch 1, with one active key for which the platform's vouches. No
 * transition, no event: nobody is in the scope yet.
 */
@Injectable()
export class CreateRing {
  constructor(
    private readonly database: DataSource,
    private readonly preparation: Preparation,
    private readonly switching: EpochSwitch,
    private readonly signers: Signers,
    private readonly transactions: CommandTransactions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Returns when a signer can sign for it, so that what follows in a script finds it working. */
  async create(asked: RingToCreate, identity: RequestIdentity): Promise<CreatedRing> {
    const { scope } = asked;
    const created = await this.transactions.oncePrepared(identity, {
      prepare: async () => {
        const birth = await this.birth(this.database.manager, asked);
        const { ring, keyId, algorithm } = birth;
        const prepared = await this.preparation.prepare({
          ...{ type: 'create', scope, algorithm, epoch: ring.epoch, takesOver: null },
          terms: firstKey(keyId),
          authority: (await existing(snapshotRing(this.database, PLATFORM))).ring,
          openedAt: await databaseNow(this.database.manager),
        });
        return { prepared, keyId };
      },
      lock: () => ({ exclusive: scope }),
      work: async (manager, { prepared: { key, statement }, keyId }) => {
        const { ring, issuer, longestTokenMs, decided } = await this.birth(manager, { ...asked, keyId });
        if (key === null) throw new Error(`nobody made the first key of ${scope}`);
        await insertRing(manager, ring, key, statement);
        await writeDecisionsAtBirth(manager, scope, decided);
        if (issuer !== null) await insertIssuer(manager, { ...issuer, scope, longestTokenMs });
        await writeAudit(manager, identity, {
          scope,
          after: ringRecord(ring),
          ...(issuer && { detail: issuerRecord(issuer) }),
        });
        this.logger.info({ scope, kid: keyId, epoch: ring.epoch }, 'ring created');
        return { scope, epoch: ring.epoch, keyId, algorithm: key.algorithm, issuer };
      },
    });
    if (!(await this.switching.isServed(scope, created.epoch))) {
      throw await this.signers.explained(problem('noLease', { scope }), scope);
    }
    return created;
  }

  private async birth(manager: EntityManager, asked: RingToCreate): Promise<Birth> {
    await refuseExisting(manager, asked);
    const { scope, own = {}, issuer: asIssuer } = asked;
    const issuer = asIssuer === undefined ? null : await asIssuer(manager);
    const at = await databaseNow(manager);
    const decided = await decisionsAtBirth(manager, scope, own);
    const policy = ringPolicy({ policy: policyOf(scope), decided }, this.config);
    const refused = refusedPolicy(policy, { scope }, this.config, at);
    // What is decided elsewhere is no business of whoever asks for a ring.
    if (
      refused !== null &&
      Object.keys(own).some((member) => MEMBER_NAMES[member as keyof RingPolicy] === refused.field)
    )
      throw asProblem(refused);
    const { longestTokenLifeMs: longestTokenMs, keyIdPattern } = policy;
    const keyId = asked.keyId ?? keyIdFrom(keyIdPattern, { name: scopeName(scope), at }, []);
    const tokens = issuer === null ? undefined : { longestTokenMs, leaseMs: this.config.leaseMs };
    const algorithm = policy.algorithm as AlgorithmName;
    return { ring: createRing(scope, keyId, tokens), keyId, algorithm, issuer, longestTokenMs, decided };
  }
}

/** Another that was created in between took its url, or the place: it is looked at anew. */
async function insertIssuer(
  manager: EntityManager,
  { unseats, ...issuer }: NewIssuer & Pick<IssuerEntity, 'scope' | 'longestTokenMs'>,
): Promise<void> {
  if (unseats !== null) await manager.update(IssuerEntity, { scope: unseats }, { isDefault: false });
  await manager.insert(IssuerEntity, issuer).catch((error: unknown) => {
    const { code } = (error as { driverError?: { code?: string } }).driverError ?? {};
    throw code === UNIQUE_VIOLATION ? problem('epochMismatch', { reason: 'another issuer' }) : error;
  });
}

/** As the audit log keeps it. */
const issuerRecord = ({ url, isDefault, unseats }: NewIssuer): object => ({ url, default: isDefault, unseats });

const UNIQUE_VIOLATION = '23505';

/** Comes in by the word of the platform's key. */
const firstKey = (newKeyId: string): PreparedTerms => ({
  ...{ oldKeyId: null, newKeyId, introduces: true, bySuperior: true },
  ...{ closesAt: null, transitionExpires: null },
});

async function refuseExisting(
  manager: EntityManager,
  { scope, refusal: { name, field } }: RingToCreate,
): Promise<void> {
  const ring = await manager.findOne(KeyRingEntity, { where: { scope }, withDeleted: true });
  if (ring === null) return;
  // What stands in statements, in the audit log and on machines that sleep must never mean another ring.
  throw ring.removedAt === null ? problem(name, { field }) : problem('scopeRemoved', { field });
}
