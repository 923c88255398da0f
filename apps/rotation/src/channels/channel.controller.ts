import { Controller } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type {
  AddMember as AddRequest,
  AddMemberReply,
  CreateChannel as CreateRequest,
  CreateChannelReply,
  ListChannelsReply,
  Nothing,
  OfChannel,
  RemoveMember as RemoveRequest,
  RemoveMemberReply,
  ShowChannelReply,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { ChangeDecisions } from '../rings/change-decisions';
import { RotationConfig } from '../rotation-config';
import { Rotator } from '../rotator/rotator';
import { readSnapshot } from '../transactions/database-clock';
import { AddMember } from './add-member';
import { CreateChannel } from './create-channel';
import { listChannels } from './list-channels';
import { RemoveMember } from './remove-member';
import { showChannel } from './show-channel';

/** Secrets that two services share: who they are, and what they say. */
@Controller()
export class ChannelController {
  constructor(
    private readonly database: DataSource,
    private readonly creating: CreateChannel,
    private readonly adding: AddMember,
    private readonly removing: RemoveMember,
    private readonly rotator: Rotator,
    private readonly decisions: ChangeDecisions,
    private readonly config: RotationConfig,
  ) {}

  @Handles('channel.create')
  async create(
    { slug, sides: [one = '', other = ''] }: CreateRequest,
    { identity }: Asked,
  ): Promise<CreateChannelReply> {
    if (one === other) throw problem('invariantViolation', { field: 'sides', reason: 'a channel has two' });
    return this.creating.create({ slug, sides: [one, other] }, identity);
  }

  @Handles('channel.add-member')
  async add(request: AddRequest, { identity }: Asked): Promise<AddMemberReply> {
    if (request.bus_public_key !== undefined && request.bearer_hash !== undefined) {
      throw problem('invariantViolation', { field: 'bearer_hash', reason: 'on the bus, or over HTTP' });
    }
    return this.adding.add(request, identity);
  }

  /** Whoever was waited for may be the one that went. */
  @Handles('channel.remove-member')
  async remove(request: RemoveRequest, { identity }: Asked): Promise<RemoveMemberReply> {
    const removed = await this.removing.remove(request, identity);
    for (const { scope } of removed.rings) this.rotator.lookAt(scope);
    return removed;
  }

  @Handles('channel.list')
  list(_: Nothing, { operator }: Asked): Promise<ListChannelsReply> {
    return readSnapshot(this.database, async (manager) => ({
      channels: await listChannels(manager, operator.scopes),
    }));
  }

  @Handles('channel.show')
  show({ slug }: OfChannel): Promise<ShowChannelReply> {
    return readSnapshot(this.database, (manager, now) =>
      showChannel(manager, slug, { now, decisions: this.decisions, config: this.config }),
    );
  }
}
