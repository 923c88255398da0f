import 'reflect-metadata';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { NatsServer } from '@plexsphere/stack';
import { endBus, eventually, startedBus } from '@plexsphere/testkit';
import { headers, problem, type Traffic } from '@plexsphere/wire';
import { IsInt } from '@plexsphere/wire/validator';
import { connect, headers as natsHeaders, type NatsConnection } from 'nats';
import { Bus } from './bus';
import { BusContext } from './bus-context';
import { BusServer } from './bus-server';
import { createLogger, NestLogger } from './logger';
import { validated } from './validated';

class Sum {
  @IsInt()
  a: number;

  @IsInt()
  b: number;
}

/** Beside Nest, at once and later: what it is asked for says how it goes. */
function sum({ a, b }: Sum): object | Promise<object> {
  if (a === 0) throw b === 0 ? problem('rotationInProgress', { scope: 'platform' }) : new Error('SELECT secret');
  if (a < 0) return b === 0 ? Promise.reject(new Error('SELECT secret')) : Promise.resolve({ sum: a + b });
  return { sum: a + b };
}

/** What ends each call of `slow` that is under way. */
const slow: (() => void)[] = [];
const isPending = (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => false), new Promise<true>((resolve) => setImmediate(() => resolve(true)))]);
const echoed: unknown[] = [];

@Controller()
class TestController {
  @MessagePattern('math.*.sum')
  sum(@Payload(validated(Sum)) { a, b }: Sum, @Ctx() context: BusContext): object {
    return { sum: a + b, who: context.token(1) };
  }

  @MessagePattern('echo.*')
  echo(@Payload() body: unknown): unknown {
    echoed.push(body);
    return body;
  }

  @MessagePattern('told.*')
  told(@Ctx() context: BusContext): object {
    return { told: context.header('X-Told') ?? null };
  }

  @MessagePattern('large.*')
  large(): object {
    return { text: 'x'.repeat(2_000_000) };
  }

  @MessagePattern('refuse.*')
  refuse(): never {
    throw problem('rotationInProgress', { scope: 'platform' });
  }

  @MessagePattern('break.*')
  break(): never {
    throw new Error('SELECT secret FROM somewhere');
  }

  @MessagePattern('slow.*')
  async slow(): Promise<object> {
    await new Promise<void>((resolve) => slow.push(resolve));
    return { slow: true };
  }

  @MessagePattern('come.*')
  async come(@Payload() { token_hash: token }: { token_hash: string }): Promise<object> {
    if (token !== 'true') await new Promise<void>((resolve) => slow.push(resolve));
    return { token };
  }

  @MessagePattern('key.*')
  async key(@Payload() { proof }: { proof: string }): Promise<object> {
    if (!proof.startsWith('own.')) await new Promise<void>((resolve) => slow.push(resolve));
    return { proof };
  }

  @MessagePattern('lease.*.sign', { joined: true })
  sign(@Ctx() context: BusContext): object {
    return { scope: context.token(1) };
  }
}

/** Everybody's requests come from the one operator, save those whose subject names who asks. */
const asked = (subject: string): Traffic => ({
  subject,
  speakers: ['operator'],
  listeners: ['rotation'],
  answered: true,
  limitBytes: 1_000,
  queue: 'commands',
  askers: [1],
});
const TABLE: Traffic[] = [
  'math.{own}.sum',
  'echo.{own}',
  'large.{own}',
  'refuse.{own}',
  'break.{own}',
  'slow.{own}',
  'lease.platform.sign',
  'lease.issuer.sign',
  'direct.{own}.sum',
]
  .map(asked)
  .concat(
    { ...asked('come.{own}'), queue: 'registrations', askers: [] },
    { ...asked('key.{own}'), queue: 'node keys' },
    { ...asked('told.{own}'), headerBytes: 200 },
  );

@Module({ controllers: [TestController] })
class TestModule {}

describe('requests on the bus', () => {
  let nats: NatsServer;
  let client: NatsConnection;
  let connection: NatsConnection;
  let server: BusServer;
  let app: INestMicroservice;
  let failed: jest.SpyInstance;

  beforeAll(async () => {
    nats = await startedBus();
  }, 60_000);
  afterAll(async () => endBus(nats));

  beforeEach(async () => {
    echoed.length = 0;
    client = await connect({ servers: nats.url, inboxPrefix: '_INBOX.operator.alice' });
    connection = await connect({ servers: nats.url });
    const logger = createLogger('test', 'silent');
    failed = jest.spyOn(logger, 'error').mockReset();
    server = new BusServer(new Bus(connection), 'group', { logger, table: TABLE });
    server.serve('direct.*.sum', Sum, sum);
    server.join('direct.*.sum');
    app = await NestFactory.createMicroservice(TestModule, { strategy: server, logger: new NestLogger(logger) });
    app.useGlobalFilters(server.problems);
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
    expect(await ask('echo.alice', JSON.stringify(body))).toEqual({ code: '', body });
  });

  it.each([
    ['no JSON', '{', 'body'],
    ['a list', '[]', 'body'],
    ['null', 'null', 'body'],
    ['a member of the wrong type', '{"a":"1","b":2}', 'a'],
    ['an unknown member', '{"a":1,"b":2,"data":3}', 'data'],
  ])('are refused by field when the body is %s, and the process lives on', async (_, body, field) => {
    expect(await ask('math.alice.sum', body)).toEqual({
      code: 'INVALID_ARGUMENT',
      body: { code: 'INVALID_ARGUMENT', detail: 'signing: invariant violation', field },
    });
    expect((await ask('math.alice.sum', '{"a":1,"b":1}')).code).toBe('');
  });

  it('carry a problem as a code in the header and its members in the body', async () => {
    expect(await ask('refuse.alice', '{}')).toEqual({
      code: 'FAILED_PRECONDITION',
      body: { code: 'FAILED_PRECONDITION', detail: 'signing: rotation in progress', scope: 'platform' },
    });
  });

  it('are told when the answer is more than the bus carries', async () => {
    expect((await ask('large.alice', '{}')).body).toMatchObject({
      detail: 'signing: reply too large',
      limit_bytes: 1_048_576,
    });
  });

  it('have headers where their row bounds them, of which one that stands there twice counts as none', async () => {
    const tell = async (...values: string[]) => {
      const told = natsHeaders();
      for (const value of values) told.append('X-Told', value);
      return (await client.request('told.alice', '{}', { headers: told, timeout: 2_000 })).json();
    };
    expect(await tell('a')).toEqual({ told: 'a' });
    expect(await tell('a', 'b')).toEqual({ told: null });
    expect(await tell()).toEqual({ told: null });
    // The limit of the body stands beside it.
    expect(await tell('x'.repeat(200))).toMatchObject({ detail: 'signing: request too large' });
  });

  it('may have headers that are none: they are as if they were not there, and the process lives on', async () => {
    const wrong = natsHeaders();
    // What the library would not send: a name with a blank, as any other client might.
    Object.assign(wrong, { encode: () => Buffer.from('NATS/1.0\r\nno name: a\r\nX-Told: a\r\n\r\n') });
    const reply = await client.request('told.alice', '{}', { headers: wrong, timeout: 2_000 });
    expect(reply.json()).toEqual({ told: null });
    expect(await ask('echo.alice', '{"a":1}')).toEqual({ code: '', body: { a: 1 } });
  });

  it('never leak what broke', async () => {
    const reply = await ask('break.alice', '{}');
    expect(reply).toEqual({ code: 'INTERNAL', body: { code: 'INTERNAL', detail: 'signing: internal error' } });
  });

  it.each([
    ['another operator’s inbox', '_INBOX.operator.bob.token'],
    ['another kind’s inbox', '_INBOX.rotation.token'],
    ['the inbox itself', '_INBOX.operator.alice'],
    ['every inbox', '_INBOX.operator.alice.>'],
    ['a wildcard', '_INBOX.operator.alice.*'],
    ['a command', 'echo.bob'],
    ['the stream', 'events.bus.n'],
    ['the stream’s own subjects', '$JS.API.STREAM.PURGE.EVENTS'],
    ['the server’s', '$SYS.REQ.CLAIMS.UPDATE'],
    ['nothing', ''],
  ])('S1: reach no handler when the reply subject is %s, and get no answer', async (_, reply) => {
    const heard: string[] = [];
    const anybody = await connect({ servers: nats.url });
    anybody.subscribe('>', { callback: (__, { subject }) => void heard.push(subject) });
    await anybody.flush();
    client.publish('echo.alice', '{"never":"read"}', reply === '' ? {} : { reply });
    // It is heard in order: by the time this one is answered the one before has been dealt with.
    expect((await ask('echo.alice', '{}')).code).toBe('');
    await anybody.flush();
    expect(heard.filter((subject) => !subject.startsWith('_INBOX.operator.alice.'))).toEqual([
      'echo.alice',
      'echo.alice',
    ]);
    expect(echoed).toEqual([{}]);
    await anybody.close();
  });

  it('S2: are refused unread where they are too large, with how large they may be', async () => {
    const reply = await ask('echo.alice', JSON.stringify({ text: 'x'.repeat(1_000) }));
    expect(reply).toMatchObject({
      code: 'INVALID_ARGUMENT',
      body: { detail: 'signing: request too large', limit_bytes: 1_000 },
    });
    expect(echoed).toEqual([]);
  });

  it('S16: are refused by field where they nest too deep, and the process lives on', async () => {
    const deep = `{"a":${'['.repeat(490)}${']'.repeat(490)}}`;
    expect((await ask('echo.alice', deep)).code).toBe('');
    expect((await ask('echo.alice', '['.repeat(1_000))).body).toMatchObject({ field: 'body' });
    expect((await ask('echo.alice', '{}')).code).toBe('');
  });

  it('S2: of one asker have room for so many, and the rest is told so and counted; another is not delayed', async () => {
    const refused: unknown[] = [];
    const heldBack: unknown[] = [];
    server.observe({ onRefused: (each) => refused.push(each), onHeldBack: (each) => heldBack.push(each) });
    const hung = Array.from({ length: 300 }, () => ask('slow.alice', '{}'));
    await client.flush();
    const bob = await connect({ servers: nats.url, inboxPrefix: '_INBOX.operator.bob' });
    expect((await bob.request('echo.bob', '{"first":true}', { timeout: 20_000 })).json()).toEqual({ first: true });
    await bob.close();
    while (slow.length > 0 || (await isPending(Promise.all(hung)))) {
      for (const release of slow.splice(0)) release();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const codes = (await Promise.all(hung)).map(({ code }) => code);
    const turnedAway = codes.filter((code) => code === 'RESOURCE_EXHAUSTED').length;
    // 256 wait; 8 of one lane are under way by then, or none where all came in one go.
    expect(turnedAway).toBeGreaterThanOrEqual(300 - 256 - 8);
    expect(turnedAway).toBeLessThanOrEqual(300 - 256);
    const detail = 'signing: too many requests waiting';
    expect(refused).toEqual(
      Array(turnedAway).fill({ actor: 'alice', subject: 'slow.alice', code: 'RESOURCE_EXHAUSTED', detail }),
    );
    expect(heldBack.length).toBeGreaterThan(0);
    expect(heldBack[0]).toEqual({ actor: 'alice', queue: 'commands' });
  });

  describe('of newcomers', () => {
    const come = (token: string) =>
      client.request('come.alice', JSON.stringify({ token_hash: token }), { timeout: 20_000 });
    const end = async (all: Promise<unknown>) => {
      while (slow.length > 0 || (await isPending(all))) {
        for (const release of slow.splice(0)) release();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };

    it('have room, however many tokens are made up: none is turned away who comes behind them', async () => {
      const all = Promise.all([...Array.from({ length: 3_000 }, (_, n) => come(`made-up-${n}`)), come('true')]);
      await end(all);
      const codes = (await all).map((reply) => reply.headers?.get(headers.errorCode) ?? '');
      expect(codes.filter((code) => code !== '')).toEqual([]);
    });

    it('take turns by their tokens: a crowd with one delays nobody with another', async () => {
      const crowd = Promise.all(Array.from({ length: 300 }, () => come('one')));
      await eventually(() => slow.length >= 8);
      expect((await come('true')).json()).toEqual({ token: 'true' });
      expect(slow).toHaveLength(8);
      await end(crowd);
    });
  });

  it('about a Node key take turns by the key that proves them: a crowd with others delays nobody with that one', async () => {
    const prove = (proof: string) => client.request('key.alice', JSON.stringify({ proof }), { timeout: 20_000 });
    const crowd = Promise.all(Array.from({ length: 30 }, (_, n) => prove(`others.${n}.x`)));
    await eventually(() => slow.length >= 2);
    expect((await prove('own.0.x')).json()).toEqual({ proof: 'own.0.x' });
    expect(slow).toHaveLength(2);
    while (slow.length > 0 || (await isPending(crowd))) {
      for (const release of slow.splice(0)) release();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(
      (await crowd).map((reply) => reply.headers?.get(headers.errorCode) ?? '').filter((code) => code !== ''),
    ).toEqual([]);
  });

  describe('that are answered beside Nest', () => {
    it.each([
      ['at once', '{"a":1,"b":2}', { sum: 3 }],
      ['later', '{"a":-1,"b":2}', { sum: 1 }],
      ['a problem', '{"a":0,"b":0}', { detail: 'signing: rotation in progress', scope: 'platform' }],
      ['a member of the wrong type', '{"a":"1","b":2}', { detail: 'signing: invariant violation', field: 'a' }],
      ['an unknown member', '{"a":1,"b":2,"data":3}', { detail: 'signing: invariant violation', field: 'data' }],
      ['no JSON', '{', { detail: 'signing: invariant violation', field: 'body' }],
    ])('are answered as others are: %s', async (_, body, answer) => {
      expect((await ask('direct.alice.sum', body)).body).toMatchObject(answer);
      expect(failed).not.toHaveBeenCalled();
    });

    it.each(['{"a":0,"b":1}', '{"a":-1,"b":0}'])('never leak what broke, and it is logged: %s', async (body) => {
      const internal = { code: 'INTERNAL', detail: 'signing: internal error' };
      expect(await ask('direct.alice.sum', body)).toEqual({ code: 'INTERNAL', body: internal });
      expect(failed).toHaveBeenCalledTimes(1);
      expect(failed).toHaveBeenCalledWith(expect.objectContaining({ command: 'direct.alice.sum' }), 'request failed');
    });

    it('are counted where they are refused', async () => {
      const refused: unknown[] = [];
      server.observe({ onRefused: (each) => refused.push(each) });
      await ask('direct.alice.sum', '{"a":0,"b":0}');
      const detail = 'signing: rotation in progress';
      expect(refused).toEqual([{ actor: 'alice', subject: 'direct.alice.sum', code: 'FAILED_PRECONDITION', detail }]);
    });

    it('have no handler where nobody may speak', () => {
      expect(() => server.serve('nobody.asks', Sum, sum)).toThrow('nobody.asks');
    });
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
    const answers = Array.from({ length: 250 }, () =>
      ask('echo.alice', '{"n":1}').catch((error: { code: string }) => error),
    );
    await client.flush();
    await server.close();
    const outcomes = await Promise.all(answers);
    // What came after the stop finds nobody, at once, and may be sent again; nothing is heard and then dropped.
    expect(outcomes.filter(({ code }) => code !== '' && code !== '503')).toEqual([]);
  });

  it('that are under way hold up the stop until they are answered', async () => {
    const answered = ask('slow.alice', '{}');
    await eventually(() => slow.length === 1);
    const stopped = server.close();
    await Promise.all([client.flush(), connection.flush()]);
    expect(await isPending(stopped)).toBe(true);
    for (const release of slow.splice(0)) release();
    await stopped;
    expect((await answered).body).toEqual({ slow: true });
  });

  it.each([
    ['that nobody may speak on', 'nobody.asks', false],
    ['of requests as events', 'echo.*', true],
  ])('have no handler for a subject %s', (_, pattern, isEventHandler) => {
    const other = new BusServer(new Bus(connection), 'group', { table: TABLE });
    other.addHandler(pattern, () => Promise.resolve(), isEventHandler);
    expect(() => other.listen(() => undefined)).toThrow(pattern);
  });
});
