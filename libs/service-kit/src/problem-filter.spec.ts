import { lastValueFrom } from 'rxjs';
import { problem } from '@plexsphere/wire';
import { createLogger } from './logger';
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
