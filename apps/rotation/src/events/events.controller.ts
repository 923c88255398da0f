import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { subjects } from '@plexsphere/wire';
import { Publish, type PublishReply } from '@plexsphere/wire/commands';
import { identify } from '../operators/request-identity';
import { Asking, Needs, OperatorGuard } from '../operators/operator.guard';
import { PublishEvent } from './publish-event';

@Controller()
@UseGuards(OperatorGuard)
export class EventsController {
  constructor(private readonly publishEvent: PublishEvent) {}

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'events.publish'))
  publish(@Payload(validated(Publish)) request: Publish, @Asking() operator: OperatorEntity): Promise<PublishReply> {
    return this.publishEvent.publish(request, identify('events.publish', request, operator));
  }
}
