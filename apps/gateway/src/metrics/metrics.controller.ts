import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { prometheusContentType } from 'prom-client';
import { SharedReadings } from '../rings/shared-readings';
import { EventStreams } from '../streams/event-streams';
import { RingViews } from '../views/ring-views';
import { GatewayMetrics } from './gateway-metrics';

@Controller('metrics')
@ApiExcludeController()
export class MetricsController {
  constructor(
    private readonly metrics: GatewayMetrics,
    streams: EventStreams,
    rings: RingViews,
  ) {
    // Whoever asks, and however often: the database has one of these at a time.
    const retiring = new SharedReadings(() => rings.retiring());
    const help = 'For how long the first of the keys on their way out has been, by kind of rings.';
    metrics.gaugeEach('retiring_key_age_seconds', help, 'kind', async () =>
      (await retiring.of('all')).map(({ kind, seconds }) => ({ of: kind, value: seconds })),
    );
    metrics.gauge('streams', 'Streams of Nodes that are open.', () => streams.counts.open);
    metrics.gauge('waiting_streams', 'Streams that wait until a state was taken.', () => streams.counts.waiting);
  }

  @Get()
  @Header('content-type', prometheusContentType)
  read(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
