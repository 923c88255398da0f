import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { prometheusContentType } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics';

@Controller('metrics')
@ApiExcludeController()
export class MetricsController {
  constructor(private readonly metrics: GatewayMetrics) {}

  @Get()
  @Header('content-type', prometheusContentType)
  read(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
