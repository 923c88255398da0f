import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { BusContext, validated } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import { ReportKeys, type ReportKeysReply } from '@plexsphere/wire/commands';
import { nodeOf } from '../enrolment/by-gateway';
import { TakeReport } from './take-report';

/** The subject says which Node speaks: on the bus it is its own, over HTTP that of a gateway which was shown its bearer. */
@Controller()
export class ReportController {
  constructor(private readonly reports: TakeReport) {}

  @MessagePattern(subjects.nodeChannel('*'))
  async fromBus(
    @Payload(validated(ReportKeys)) report: ReportKeys,
    @Ctx() context: BusContext,
  ): Promise<ReportKeysReply> {
    return this.reports.take({ nodeId: nodeOf(context), isOverHttp: false }, report);
  }

  @MessagePattern(subjects.httpChannel('*'))
  async fromGateway(
    @Payload(validated(ReportKeys)) report: ReportKeys,
    @Ctx() context: BusContext,
  ): Promise<ReportKeysReply> {
    return this.reports.take({ nodeId: nodeOf(context), isOverHttp: true }, report);
  }
}
