import { Inject, Injectable } from '@nestjs/common';
import { createRing } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { KeyRingEntity, insertRing } from '@plexsphere/store';
import { PLATFORM, problem, type ProblemName, type Scope } from '@plexsphere/wire';
import { DataSource, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { adoptKindPolicy } from '../policies/policy-decisions';
import type { MadeEpoch } from '../rotations/after-commit';
import { EpochSwitch } from '../rotations/epoch-switch';
import { Preparation, type PreparedTerms } from '../rotations/preparation';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { existing, policyOf, snapshotRing } from './read-ring';
import { ringRecord } from './ring-view';

interface RingToCreate {
  scope: Scope;
  keyId: string;
  /** What whoever asks hears where the scope has a ring. */
  refusal: { name: ProblemName; field: string };
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
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Returns when a signer can sign for it, so that what follows in a script finds it working. */
  async create(asked: RingToCreate, identity: RequestIdentity): Promise<MadeEpoch> {
    const { scope, keyId } = asked;
    const ring = createRing(scope, keyId);
    const created = await this.transactions.oncePrepared(identity, {
      prepare: async () => {
        await refuseExisting(this.database.manager, asked);
        return this.preparation.prepare({
          ...{ type: 'create', scope, policy: policyOf(scope), epoch: ring.epoch, takesOver: null },
          terms: firstKey(keyId),
          authority: (await existing(snapshotRing(this.database, PLATFORM))).ring,
          openedAt: await databaseNow(this.database.manager),
        });
      },
      lock: () => ({ exclusive: scope }),
      work: async (manager, { key, statement }) => {
        await refuseExisting(manager, asked);
        if (key === null) throw new Error(`nobody made the first key of ${scope}`);
        await insertRing(manager, ring, key, statement);
        await adoptKindPolicy(manager, scope);
        await writeAudit(manager, identity, { scope, after: ringRecord(ring) });
        this.logger.info({ scope, kid: keyId, epoch: ring.epoch }, 'ring created');
        return { scope, epoch: ring.epoch };
      },
    });
    if (!(await this.switching.isServed(scope, created.epoch))) {
      throw await this.signers.explained(problem('noLease', { scope }), scope);
    }
    return created;
  }
}

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
