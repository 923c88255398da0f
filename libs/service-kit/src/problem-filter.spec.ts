import type { ArgumentsHost } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';
import { problem } from '@plexsphere/wire';
import { BusContext } from './bus-context';
import { createLogger, type Logger } from './logger';
import { ProblemFilter } from './problem-filter';

const filter = new ProblemFilter(createLogger('test', 'silent'));
const answerTo = (error: unknown): Promise<unknown> =>
  lastValueFrom(filter.catch(error)).catch((body: unknown) => body);
const coded = (code: string): Error => Object.assign(new Error('SELECT secret'), { code });

describe('what a caller is told of an error', () => {
  it('a problem goes out as it is', async () => {
    expect(await answerTo(problem('unknownScope', { field: 'scope' }))).toEqual({
      code: 'NOT_FOUND',
      detail: 'signing: unknown scope',
      field: 'scope',
    });
  });

  it.each([
    ['a database that shuts down', coded('57P01')],
    ['a database that starts', coded('57P03')],
    ['a database that refuses connections', coded('ECONNREFUSED')],
    ['too many connections', coded('53300')],
    ['a connection that broke under a query', new Error('Connection terminated unexpectedly')],
    ['a pool that cannot connect', new Error('timeout exceeded when trying to connect')],
  ])('%s is UNAVAILABLE: worth asking again', async (_, error) => {
    expect(await answerTo(error)).toEqual({ code: 'UNAVAILABLE', detail: 'signing: database unavailable' });
  });

  it('a lock that was waited for too long is ABORTED', async () => {
    expect(await answerTo(coded('55P03'))).toEqual({ code: 'ABORTED', detail: 'signing: scope busy' });
  });

  it.each([[coded('42601')], [new Error('/etc/passwd')], ['text'], [undefined]])('%p leaks nothing', async (error) => {
    expect(await answerTo(error)).toEqual({ code: 'INTERNAL', detail: 'signing: internal error' });
  });
});

describe('N-5: what the log says', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function filtering() {
    const lines: unknown[] = [];
    const logger = { error: (members: object, text: string) => lines.push({ text, ...members }) } as unknown as Logger;
    const loud = new ProblemFilter(logger);
    const fail = (
      error: unknown,
      subject = 'cmd.0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1.signing.rotate',
      scope: unknown = 'platform',
    ) => {
      const rpc = { getContext: () => new BusContext([subject]), getData: () => ({ scope, reason: 'why' }) };
      const host = { switchToRpc: () => rpc } as unknown as ArgumentsHost;
      return lastValueFrom(loud.catch(error, host)).catch(() => undefined);
    };
    return { lines, fail };
  }

  it('N-5: of a database that is away is one line in ten seconds, with command and scope, and how many failed', async () => {
    const { lines, fail } = filtering();
    for (let i = 0; i < 100; i++) await fail(coded('57P01'));
    expect(lines).toEqual([
      {
        text: 'database away: requests fail',
        command: 'signing.rotate',
        scope: 'platform',
        reason: '57P01',
        times: 1,
      },
    ]);
    jest.advanceTimersByTime(10_000);
    await fail(coded('ECONNREFUSED'), 'node.0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1.ack', '\u202e');
    expect(lines[1]).toEqual({
      ...{ text: 'database away: requests fail', command: 'node.0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1.ack' },
      ...{ reason: 'ECONNREFUSED', times: 100 },
    });
  });

  it('N-5: of anything else is a line a request, with command and scope', async () => {
    const { lines, fail } = filtering();
    for (let i = 0; i < 3; i++) await fail(coded('42601'));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ text: 'request failed', command: 'signing.rotate', scope: 'platform' });
  });
});
