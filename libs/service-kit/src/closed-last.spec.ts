import 'reflect-metadata';
import { Module, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { closedLast } from './closed-last';

class Pool {
  readonly said: string[] = [];

  async destroy(): Promise<void> {
    this.said.push('closed');
  }
}

class Writer implements OnModuleDestroy {
  constructor(private readonly pool: Pool) {}

  async onModuleDestroy(): Promise<void> {
    await new Promise(setImmediate);
    this.pool.said.push('last words');
  }
}

it('what all parts work on is closed when each has said its last words', async () => {
  const [pool, other] = [new Pool(), new Pool()];
  const writer = { provide: Writer, useFactory: (given: Pool) => new Writer(given), inject: [Pool] };
  @Module({ providers: [...closedLast(Pool, pool), ...closedLast('other', other), writer] })
  class Parts {}
  const app = await NestFactory.createApplicationContext(Parts, { logger: false });
  expect([app.get(Pool), app.get('other')]).toEqual([pool, other]);
  expect(pool.said).toEqual([]);

  await app.close();

  expect([pool.said, other.said]).toEqual([['last words', 'closed'], ['closed']]);
});
