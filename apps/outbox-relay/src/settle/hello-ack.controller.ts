import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { BusContext, ThrottledLog } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import { Counters } from '../counters';
import { HelloAckBatches } from './hello-ack-batches';
import { readAck, readHello } from './read-hello-ack';

/** `node.<id>.hello`: the server vouches for the id, since a Node may publish below its own only. */
const NODE_ID = 1;

/** What Nodes on the bus say (ADR 0009, 0010). */
@Controller()
export class HelloAckController {
  constructor(
    private readonly batches: HelloAckBatches,
    private readonly counters: Counters,
    private readonly log: ThrottledLog,
  ) {}

  @EventPattern(subjects.nodeHello('*'), { queue: 'outbox-relay' })
  async hello(@Payload() body: unknown, @Ctx() context: BusContext): Promise<void> {
    const hello = readHello(context.token(NODE_ID), body);
    if (hello === undefined) return this.drop(context);
    await this.batches.hello(hello);
  }

  @EventPattern(subjects.nodeAck('*'), { queue: 'outbox-relay' })
  async ack(@Payload() body: unknown, @Ctx() context: BusContext): Promise<void> {
    const ack = readAck(context.token(NODE_ID), body);
    if (ack === undefined) return this.drop(context);
    await this.batches.ack(ack);
  }

  private drop(context: BusContext): void {
    this.counters.add('malformed');
    this.log.warn({ node: context.token(NODE_ID), reason: 'malformed' }, 'dropped what a Node said');
  }
}
