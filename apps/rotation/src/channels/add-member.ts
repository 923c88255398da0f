import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { MOST_MEMBERS, PLATFORM, problem } from '@plexsphere/wire';
import type {
  AddMember as AddRequest,
  AddMemberReply,
  BusJwtReply,
  IssueBusCredential,
} from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { Joining, requirePresent, type StartingBundle } from '../nodes/joining';
import { AfterCommit } from '../rotations/after-commit';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { changeMembersOf } from './change-members';
import { findChannel, type Channel } from './find-channel';
import { insertMemberNode } from './member-node';
import { tellKeys } from './tell-members';

type ToAdd = Omit<AddRequest, 'request_id'>;

interface HandedOut extends StartingBundle {
  channel: Channel;
  nodeId: string;
  busJwt: string | null;
}

/** Enrols a Node of the platform that is given a side's secrets of both directions, sealed to the key that is named here. */
@Injectable()
export class AddMember {
  constructor(
    private readonly database: DataSource,
    private readonly start: Joining,
    private readonly signers: Signers,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownScope; invariantViolation for a side that the channel does not have; tooManyMembers; nodeExists */
  async add(member: ToAdd, identity: RequestIdentity): Promise<AddMemberReply> {
    const added = await this.transactions.oncePrepared(identity, {
      prepare: () => this.handOut(member),
      lock: ({ channel }) => changing(...channel.scopes),
      work: (manager, handedOut) => this.commit(manager, member, handedOut, identity),
    });
    await Promise.all(added.rings.map((ring) => this.afterCommit.finish(ring)));
    return added;
  }

  private async handOut({ slug, side, name, bus_public_key: busPublicKey }: ToAdd): Promise<HandedOut> {
    const channel = await findChannel(this.database.manager, slug);
    if (!channel.sides.includes(side)) throw problem('invariantViolation', { field: 'side', sides: channel.sides });
    const nodeId = randomUUID();
    const [starting, busJwt] = await Promise.all([
      this.start.bundleFor(PLATFORM),
      busPublicKey === undefined ? null : this.credential({ kind: 'node', id: nodeId, name, public_key: busPublicKey }),
    ]);
    return { ...starting, channel, nodeId, busJwt };
  }

  private async credential(request: IssueBusCredential): Promise<string> {
    const { jwt } = await this.signers.askAny<BusJwtReply>('issue-bus-credential', request);
    return jwt;
  }

  private async commit(
    manager: EntityManager,
    member: ToAdd,
    { channel, nodeId, busJwt, ...starting }: HandedOut,
    identity: RequestIdentity,
  ): Promise<AddMemberReply> {
    const { slug, side, name, sink = false } = member;
    const epochs = await requirePresent(manager, PLATFORM, starting);
    await refuseTooMany(manager, slug);
    const at = await databaseNow(manager);
    await insertMemberNode(manager, { ...member, nodeId, isSink: sink }, epochs);
    const detail = { added: { node_id: nodeId, name, side, sink } };
    const rings = await changeMembersOf(manager, channel.scopes, { at, identity, detail });
    for (const { scope } of rings) await tellKeys(manager, scope, [nodeId]);
    await writeAudit(manager, identity, { scope: PLATFORM, after: { node_id: nodeId, name }, detail: { slug, side } });
    this.logger.info({ slug, side, node: nodeId }, 'member added');
    return { node_id: nodeId, name, slug, side, sink, rings, bus_jwt: busJwt, bundle: starting.bundle };
  }
}

/** Under the locks of both rings, so that nobody else comes meanwhile. */
async function refuseTooMany(manager: EntityManager, slug: string): Promise<void> {
  const [{ members }] = await manager.query<[{ members: number }]>(
    'SELECT count(*)::int AS members FROM ring.member WHERE slug = $1 AND removed_at IS NULL',
    [slug],
  );
  if (members >= MOST_MEMBERS) throw problem('tooManyMembers', { field: 'slug', most: MOST_MEMBERS });
}
