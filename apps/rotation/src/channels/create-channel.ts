import { Inject, Injectable } from '@nestjs/common';
import { createRing, keyIdFrom, type KeyRing } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { ChannelEntity, KeyRingEntity, insertRing, type MadeKey } from '@plexsphere/store';
import { PLATFORM, directionsOf, problem, scopeName, type AlgorithmName, type Scope } from '@plexsphere/wire';
import type { ChannelRing, CreateChannelReply } from '@plexsphere/wire/commands';
import { DataSource, In, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { decisionsAtBirth, ringPolicy, writeDecisionsAtBirth } from '../policies/policy-decisions';
import { existing, policyOf, snapshotRing } from '../rings/read-ring';
import { ringRecord } from '../rings/ring-view';
import { EpochSwitch } from '../rotations/epoch-switch';
import { Preparation } from '../rotations/preparation';
import { RotationConfig } from '../rotation-config';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';

interface ChannelToCreate {
  slug: string;
  sides: [string, string];
}

/** A ring that is to be born, with the key that a signer made for it. */
interface Born {
  ring: KeyRing;
  key: MadeKey;
}

/** Both rings of a channel are born at once, each with one key that signs: nobody holds it before members come. */
@Injectable()
export class CreateChannel {
  constructor(
    private readonly database: DataSource,
    private readonly preparation: Preparation,
    private readonly switching: EpochSwitch,
    private readonly signers: Signers,
    private readonly transactions: CommandTransactions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Returns when signers hold both rings, so that members may be added.
   * @throws Problem channelExists, scopeRemoved; UNAVAILABLE as Preparation, and where no signer takes a ring
   */
  async create(channel: ChannelToCreate, identity: RequestIdentity): Promise<CreateChannelReply> {
    const scopes = directionsOf(channel.slug, channel.sides);
    const created = await this.transactions.oncePrepared(identity, {
      prepare: async () => {
        await refuseExisting(this.database.manager, channel, scopes);
        return Promise.all(scopes.map((scope) => this.firstKey(scope)));
      },
      lock: () => changing(...scopes),
      work: (manager, born) => this.commit(manager, channel, born, identity),
    });
    const served = await Promise.all(created.rings.map(({ scope, epoch }) => this.switching.isServed(scope, epoch)));
    const unserved = created.rings.find((_, i) => served[i] !== true)?.scope;
    if (unserved !== undefined) {
      throw await this.signers.explained(problem('noLease', { scope: unserved }), unserved);
    }
    return created;
  }

  private async firstKey(scope: Scope): Promise<Born> {
    const { manager } = this.database;
    const openedAt = await databaseNow(manager);
    const decided = await decisionsAtBirth(manager, scope, {});
    const policy = ringPolicy({ policy: policyOf(scope), decided }, this.config);
    const newKeyId = keyIdFrom(policy.keyIdPattern, { name: scopeName(scope), at: openedAt }, []);
    const ring = createRing(scope, newKeyId);
    const { key } = await this.preparation.prepare({
      ...{ type: 'create', scope, algorithm: policy.algorithm as AlgorithmName, epoch: ring.epoch, openedAt },
      terms: { oldKeyId: null, newKeyId, introduces: true, bySuperior: true, closesAt: null, transitionExpires: null },
      authority: (await existing(snapshotRing(this.database, PLATFORM))).ring,
      takesOver: null,
    });
    if (key === null) throw new Error(`nobody made the first key of ${scope}`);
    return { ring, key };
  }

  private async commit(
    manager: EntityManager,
    { slug, sides }: ChannelToCreate,
    born: readonly Born[],
    identity: RequestIdentity,
  ): Promise<CreateChannelReply> {
    const scopes = born.map(({ ring }) => ring.scope);
    await refuseExisting(manager, { slug }, scopes);
    const [sideA, sideB] = sides;
    await manager.insert(ChannelEntity, { slug, sideA, sideB });
    for (const { ring, key } of born) {
      const { scope } = ring;
      await insertRing(manager, ring, key, null);
      await writeDecisionsAtBirth(manager, scope, await decisionsAtBirth(manager, scope, {}));
      await writeAudit(manager, identity, { scope, after: ringRecord(ring), detail: { slug, sides } });
    }
    this.logger.info({ scopes }, 'channel created');
    return { slug, sides, rings: born.map(({ ring }) => bornRing(ring)) };
  }
}

const bornRing = ({ scope, epoch, keys }: KeyRing): ChannelRing => ({
  ...{ scope, epoch, active_key_id: keys[0]?.keyId ?? '' },
});

/** Its name is of one pair of sides: a token that covers it covers no third. */
async function refuseExisting(
  manager: EntityManager,
  { slug }: Pick<ChannelToCreate, 'slug'>,
  scopes: readonly Scope[],
): Promise<void> {
  if (await manager.existsBy(ChannelEntity, { slug })) throw problem('channelExists', { field: 'slug' });
  if (await manager.exists(KeyRingEntity, { where: { scope: In([...scopes]) }, withDeleted: true })) {
    throw problem('scopeRemoved', { field: 'slug' });
  }
}
