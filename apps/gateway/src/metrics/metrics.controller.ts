import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { prometheusContentType } from 'prom-client';
import { EventStreams } from '../streams/event-streams';
import { GatewayMetrics } from './gateway-metrics';

@Controller('metrics')
@ApiExcludeController()
export class MetricsController {
  constructor(
    private readonly metrics: GatewayMetrics,
    streams: EventStreams,
  ) {
    metrics.gauge('streams', 'Streams of Nodes that are open.', () => streams.counts.open);
    metrics.gauge('waiting_streams', 'Streams that wait until a state was taken.', () => streams.counts.waiting);
  }

  @Get()
  @Header('content-type', prometheusContentType)
  read(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
