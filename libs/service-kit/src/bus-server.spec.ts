import 'reflect-metadata';
import { join } from 'node:path';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { NatsServer, localFolder } from '@plexsphere/stack';
import { temporaryFolder } from '@plexsphere/testkit';
import { headers, problem } from '@plexsphere/wire';
import { IsInt } from 'class-validator';
import { connect, type NatsConnection } from 'nats';
import { BusContext, BusServer } from './bus-server';
import { createLogger, NestLogger } from './logger';
import { ProblemFilter } from './problem-filter';
import { validated } from './validated';

class Sum {
  @IsInt()
  a: number;

  @IsInt()
  b: number;
}

let release: () => void = () => undefined;

@Controller()
class TestController {
  @MessagePattern('math.*.sum')
  sum(@Payload(validated(Sum)) { a, b }: Sum, @Ctx() context: BusContext): object {
    return { sum: a + b, who: context.token(1) };
  }

  @MessagePattern('echo')
  echo(@Payload() body: unknown): unknown {
    return body;
  }

  @MessagePattern('large')
  large(): object {
    return { text: 'x'.repeat(2_000_000) };
  }

  @MessagePattern('refuse')
  refuse(): never {
    throw problem('rotationInProgress', { scope: 'platform' });
  }

  @MessagePattern('break')
  break(): never {
    throw new Error('SELECT secret FROM somewhere');
  }

  @MessagePattern('slow')
  async slow(): Promise<object> {
    await new Promise<void>((resolve) => (release = resolve));
    return { slow: true };
  }

  @MessagePattern('lease.*.sign', { joined: true })
  sign(@Ctx() context: BusContext): object {
    return { scope: context.token(1) };
  }
}

@Module({ controllers: [TestController] })
class TestModule {}

describe('requests on the bus', () => {
  const folder = temporaryFolder();
  let nats: NatsServer;
  let client: NatsConnection;
  let connection: NatsConnection;
  let server: BusServer;
  let app: INestMicroservice;

  beforeAll(async () => {
    nats = await NatsServer.create(join(folder, 'nats'), { cacheFolder: join(localFolder, 'cache') });
    await nats.start();
  }, 60_000);
  afterAll(async () => nats.remove());

  beforeEach(async () => {
    client = await connect({ servers: nats.url });
    connection = await connect({ servers: nats.url });
    server = new BusServer(connection, 'group');
    const logger = createLogger('test', 'silent');
    app = await NestFactory.createMicroservice(TestModule, { strategy: server, logger: new NestLogger(logger) });
    app.useGlobalFilters(new ProblemFilter(logger));
    await app.listen();
  });
  afterEach(async () => {
    await app.close();
    await Promise.all([connection.close(), client.close()]);
  });

  const ask = async (subject: string, body: string): Promise<{ code: string; body: unknown }> => {
    const reply = await client.request(subject, body, { timeout: 2_000 });
    return { code: reply.headers?.get(headers.errorCode) ?? '', body: reply.json() };
  };

  it('are plain JSON both ways', async () => {
    expect(await ask('math.alice.sum', '{"a":1,"b":2}')).toEqual({ code: '', body: { sum: 3, who: 'alice' } });
  });

  it('may have members called data and pattern', async () => {
    const body = { data: 1, pattern: 'x', id: 'y' };
    expect(await ask('echo', JSON.stringify(body))).toEqual({ code: '', body });
  });

  it.each([
    ['no JSON', '{', 'body'],
    ['a list', '[]', 'body'],
    ['null', 'null', 'body'],
    ['a member of the wrong type', '{"a":"1","b":2}', 'a'],
    ['an unknown member', '{"a":1,"b":2,"data":3}', 'data'],
  ])('are refused by field when the body is %s, and the process lives on', async (_, body, field) => {
    expect(await ask('math.bob.sum', body)).toEqual({
      code: 'INVALID_ARGUMENT',
      body: { code: 'INVALID_ARGUMENT', detail: 'signing: invariant violation', field },
    });
    expect((await ask('math.bob.sum', '{"a":1,"b":1}')).code).toBe('');
  });

  it('carry a problem as a code in the header and its members in the body', async () => {
    expect(await ask('refuse', '{}')).toEqual({
      code: 'FAILED_PRECONDITION',
      body: { code: 'FAILED_PRECONDITION', detail: 'signing: rotation in progress', scope: 'platform' },
    });
  });

  it('are told when the answer is more than the bus carries', async () => {
    expect((await ask('large', '{}')).body).toMatchObject({
      detail: 'signing: reply too large',
      limit_bytes: 1_048_576,
    });
  });

  it('never leak what broke', async () => {
    const reply = await ask('break', '{}');
    expect(reply).toEqual({ code: 'INTERNAL', body: { code: 'INTERNAL', detail: 'signing: internal error' } });
  });

  it('reach a joined handler between join and leave only', async () => {
    await expect(ask('lease.platform.sign', '{}')).rejects.toMatchObject({ code: '503' });
    server.join('lease.platform.*');
    await connection.flush();
    expect((await ask('lease.platform.sign', '{}')).body).toEqual({ scope: 'platform' });
    server.leave('lease.platform.*');
    await connection.flush();
    await expect(ask('lease.platform.sign', '{}')).rejects.toMatchObject({ code: '503' });
  });

  it('are all answered when the server stops in the middle of a flood', async () => {
    const answers = Array.from({ length: 500 }, () => ask('echo', '{"n":1}').catch((error: { code: string }) => error));
    await client.flush();
    await server.close();
    const outcomes = await Promise.all(answers);
    // What came after the stop finds nobody, at once, and may be sent again; nothing is heard and then dropped.
    expect(outcomes.filter(({ code }) => code !== '' && code !== '503')).toEqual([]);
  });

  it('that are under way hold up the stop until they are answered', async () => {
    const slow = ask('slow', '{}');
    await client.flush();
    const stopped = server.close();
    await ask('slow', '{}').catch(() => undefined);
    release();
    await stopped;
    expect((await slow).body).toEqual({ slow: true });
  });
});
