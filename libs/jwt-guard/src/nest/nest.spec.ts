import 'reflect-metadata';
import { Controller, Delete, Get, Module, Req, type ExecutionContext, type INestApplication } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { answersAsItShould, type Application } from '../../testing/refusals';
import { JwtGuard, tokenOf } from '..';
import { JwtAuthGuard, RequireScope } from '.';

@Controller('orders')
class Orders {
  @Get()
  read(@Req() request: object) {
    return { sub: tokenOf(request).claims.sub };
  }

  @Delete()
  @RequireScope('orders:delete')
  delete() {
    return { deleted: true };
  }
}

@Controller('stock')
@RequireScope('stock:read')
class Stock {
  @Get()
  @RequireScope('stock:count')
  count() {
    return { count: 1 };
  }
}

/** What is asked of a class is asked of those that are made of it. */
@Controller('other-stock')
class OtherStock extends Stock {}

async function started(guard: JwtGuard, adapter: ExpressAdapter | FastifyAdapter): Promise<Application> {
  @Module({
    controllers: [Orders, Stock, OtherStock],
    providers: [
      { provide: JwtGuard, useValue: guard },
      { provide: APP_GUARD, useClass: JwtAuthGuard },
    ],
  })
  class OrdersModule {}
  const app: INestApplication = await NestFactory.create(OrdersModule, adapter as FastifyAdapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), close: () => app.close() };
}

const PLATFORMS = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(PLATFORMS)('Nest on %s', (_, adapter) => answersAsItShould((guard) => started(guard, adapter())));

const broken = { admit: () => Promise.reject(new Error('broken')) } as unknown as JwtGuard;

it('wants the scopes of the controller and of the handler', async () => {
  const wanted: unknown[] = [];
  const admit = async (_: unknown, requirement: object): Promise<void> => void wanted.push(requirement);
  const app = await started({ admit } as unknown as JwtGuard, new FastifyAdapter());
  for (const path of ['stock', 'other-stock']) await fetch(`${app.url}/${path}`);
  expect(wanted).toEqual([{ scope: 'stock:read stock:count' }, { scope: 'stock:read stock:count' }]);
  await app.close();
});

it('hands on what is no refusal', async () => {
  const app = await started(broken, new FastifyAdapter());
  expect((await fetch(`${app.url}/orders`)).status).toBe(500);
  await app.close();
});

it('lets nothing in that does not come by HTTP', async () => {
  const context = { getType: () => 'rpc' } as unknown as ExecutionContext;
  expect(await new JwtAuthGuard(broken).canActivate(context)).toBe(false);
});

it('knows no scope that no token can have', () =>
  expect(() => RequireScope('')).toThrow(expect.objectContaining({ name: 'GuardOptionError' }) as Error));
