import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { BusContext, LOGGER, type Logger } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import { Complaints } from '../complaints';
import { Counters } from '../counters';
import { readAck, readHello } from './read-hello-ack';
import { SettleBatcher } from './hello-ack-batches';

/** `node.<id>.hello`: the server vouches for the id, since a Node may publish below its own only. */
const NODE_ID = 1;

@Controller()
export class HelloAckController {
  private readonly complaints: Complaints;

  constructor(
    private readonly batcher: SettleBatcher,
    private readonly counters: Counters,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.complaints = new Complaints(logger);
  }

  @EventPattern(subjects.nodeHello('*'), { queue: 'outbox-relay' })
  async hello(@Payload() body: unknown, @Ctx() context: BusContext): Promise<void> {
    const nodeId = context.token(NODE_ID);
    const hello = readHello(nodeId, body);
    if (hello === undefined) return this.drop(nodeId);
    const { hello_id: helloId, epoch, platform_epoch: platformEpoch, position } = hello;
    await this.batcher.hello({ nodeId, helloId, epoch, platformEpoch, position });
  }

  @EventPattern(subjects.nodeAck('*'), { queue: 'outbox-relay' })
  async ack(@Payload() body: unknown, @Ctx() context: BusContext): Promise<void> {
    const nodeId = context.token(NODE_ID);
    const ack = readAck(nodeId, body);
    if (ack === undefined) return this.drop(nodeId);
    const { epoch, platform_epoch: platformEpoch, position } = ack;
    await this.batcher.ack({ nodeId, epoch, platformEpoch, position });
  }

  private drop(nodeId: string): void {
    this.counters.add('malformed');
    this.complaints.warn('dropped what a Node said', 'malformed', { node: nodeId });
  }
}
