import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem, PLATFORM } from '@plexsphere/wire';
import type { RemoveMember as RemoveRequest, RemoveMemberReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { Revocations } from '../bus-account/revocations';
import { takeOut } from '../nodes/take-out';
import { AfterCommit } from '../rotations/after-commit';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { findChannel } from './find-channel';
import { leaveChannel, type Membership } from './leave-channel';

type Named = Pick<RemoveRequest, 'slug' | 'node_id' | 'name'>;

interface NamedMember extends Membership {
  name: string;
  busPublicKey: string | null;
}

type Committed = Omit<RemoveMemberReply, 'pushed'> & { hadCredential: boolean };

/** A member that is removed is told nothing more, and nobody waits for it. What it knows it knows: that is said. */
@Injectable()
export class RemoveMember {
  constructor(
    private readonly database: DataSource,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: CommandTransactions,
    private readonly revocations: Revocations,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownScope, unknownMember */
  async remove(named: Named, identity: RequestIdentity): Promise<RemoveMemberReply> {
    const { hadCredential, ...removed } = await this.transactions.oncePrepared(identity, {
      prepare: () => findMember(this.database.manager, named),
      lock: ({ channel }) => changing(...channel.scopes),
      work: (manager) => this.commit(manager, named, identity),
    });
    await Promise.all(removed.rings.map((ring) => this.afterCommit.finish(ring)));
    return { ...removed, pushed: !hadCredential || (await this.revocations.push()) };
  }

  private async commit(manager: EntityManager, named: Named, identity: RequestIdentity): Promise<Committed> {
    const member = await findMember(manager, named);
    const { nodeId, name, side, busPublicKey } = member;
    const at = await databaseNow(manager);
    if (!(await takeOut(manager, { id: nodeId, busPublicKey }, at))) throw unknownMember(named);
    const { rings, known } = await leaveChannel(manager, member, { at, identity });
    const removed = { node_id: nodeId, name, slug: named.slug, side, removed_at: at.toISOString() };
    await writeAudit(manager, identity, { scope: PLATFORM, before: { node_id: nodeId, name }, after: removed });
    this.logger.info({ slug: named.slug, side, node: nodeId }, 'member removed');
    return { ...removed, rings, known, hadCredential: busPublicKey !== null };
  }
}

async function findMember(manager: EntityManager, named: Named): Promise<NamedMember> {
  const channel = await findChannel(manager, named.slug);
  const [member] = await manager.query<Omit<NamedMember, 'channel'>[]>(
    `SELECT member.node_id AS "nodeId", member.side, node.name, node.bus_public_key AS "busPublicKey"
       FROM ring.member AS member JOIN ring.node AS node ON node.id = member.node_id
      WHERE member.slug = $1 AND member.removed_at IS NULL AND ($2::uuid IS NULL OR node.id = $2)
        AND ($3::text IS NULL OR node.name = $3)`,
    [named.slug, named.node_id ?? null, named.name ?? null],
  );
  if (member === undefined) throw unknownMember(named);
  return { ...member, channel };
}

const unknownMember = ({ node_id: id }: Named) =>
  problem('unknownMember', { field: id === undefined ? 'name' : 'node_id' });
