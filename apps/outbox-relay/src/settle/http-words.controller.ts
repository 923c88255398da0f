import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { BusContext, ThrottledLog } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import { Counters } from '../counters';
import { HelloAckBatches } from './hello-ack-batches';
import { readAck, readHello } from './read-hello-ack';
import { readCalled, readWord } from './read-http-words';
import { WordBatches } from './word-batches';

/** `http.<id>.word`: the server vouches that a gateway says it, and the gateway was shown the Node's bearer. */
const NODE_ID = 1;
const QUEUE = { queue: 'outbox-relay' };

/** What gateways say of Nodes over HTTP. */
@Controller()
export class HttpWordsController {
  constructor(
    private readonly words: WordBatches,
    private readonly helloAcks: HelloAckBatches,
    private readonly counters: Counters,
    private readonly log: ThrottledLog,
  ) {}

  @EventPattern(subjects.httpWord('*'), QUEUE)
  word(@Payload() body: unknown, @Ctx() context: BusContext): Promise<void> {
    const word = readWord(context.token(NODE_ID), body);
    return word === undefined ? this.drop(context) : this.words.word(word);
  }

  @EventPattern(subjects.httpHello('*'), QUEUE)
  hello(@Payload() body: unknown, @Ctx() context: BusContext): Promise<void> {
    const hello = readHello(context.token(NODE_ID), body, 'sdk');
    return hello === undefined ? this.drop(context) : this.helloAcks.hello(hello);
  }

  @EventPattern(subjects.httpAck('*'), QUEUE)
  ack(@Payload() body: unknown, @Ctx() context: BusContext): Promise<void> {
    const ack = readAck(context.token(NODE_ID), body, 'sdk');
    return ack === undefined ? this.drop(context) : this.helloAcks.ack(ack);
  }

  @EventPattern(subjects.httpCalled, QUEUE)
  called(@Payload() body: unknown, @Ctx() context: BusContext): Promise<void> {
    const nodes = readCalled(body);
    return nodes === undefined ? this.drop(context) : this.words.haveCalled(nodes);
  }

  private async drop(context: BusContext): Promise<void> {
    this.counters.add('malformed');
    this.log.warn({ subject: context.subject, reason: 'malformed' }, 'dropped what a gateway said');
  }
}
