import 'reflect-metadata';
import { All, Body, Controller, HttpCode, Module, Post, Req, UseGuards, type ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { answersAsItShould, told, workedOff, type Application } from '../../testing/applications';
import { ChannelReceiver, callOf, webhookOf } from '..';
import { CallGuard, WebhookGuard } from '.';

@Controller('v1')
class Orders {
  @All('calls/:id')
  @HttpCode(200)
  @UseGuards(CallGuard)
  call(@Req() request: object, @Body() body: unknown) {
    const call = callOf(request);
    return told(call.keyId, call.body.length === 0 ? null : body);
  }

  @Post('webhooks')
  @HttpCode(200)
  @UseGuards(WebhookGuard)
  webhook(@Req() request: object) {
    return workedOff(webhookOf(request));
  }
}

async function started(receiver: ChannelReceiver, adapter: ExpressAdapter | FastifyAdapter): Promise<Application> {
  @Module({ controllers: [Orders], providers: [{ provide: ChannelReceiver, useValue: receiver }] })
  class OrdersModule {}
  const options = { logger: false as const, rawBody: true };
  const app = await NestFactory.create(OrdersModule, adapter as FastifyAdapter, options);
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), close: () => app.close() };
}

describe('Nest on Express', () => {
  answersAsItShould((receiver) => started(receiver, new ExpressAdapter()));
});

describe('Nest on Fastify', () => {
  answersAsItShould((receiver) => started(receiver, new FastifyAdapter()));
});

it('lets nothing in that does not come by HTTP', async () => {
  const context = { getType: () => 'rpc' } as unknown as ExecutionContext;
  for (const guard of [new CallGuard({} as ChannelReceiver), new WebhookGuard({} as ChannelReceiver)])
    expect(await guard.canActivate(context)).toBe(false);
});
