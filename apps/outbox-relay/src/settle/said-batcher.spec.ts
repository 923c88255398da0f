import type { ThrottledLog } from '@plexsphere/service-kit';
import type { Counters } from '../counters';
import { SaidBatcher } from './said-batcher';

test('drops a batch that fails, tells of it once, and writes down what comes after', async () => {
  const counted: string[] = [];
  const told: unknown[] = [];
  const counters = { add: (name: string) => void counted.push(name) } as unknown as Counters;
  const log = { warn: (...words: unknown[]) => void told.push(words) } as unknown as ThrottledLog;
  const written: string[][] = [];
  const away = new Error('the database is away');
  const batcher = new SaidBatcher<string>(
    (said) => {
      if (said.includes('in vain')) return Promise.reject(away);
      written.push(said);
      return Promise.resolve();
    },
    'words not recorded',
    { counters, log },
  );
  await batcher.add('in vain');
  expect([counted, told]).toEqual([['batch_failed'], [[{ err: away }, 'words not recorded', away.message]]]);
  await Promise.all([batcher.add('a'), batcher.add('b')]);
  expect(written).toEqual([['a', 'b']]);
  expect(counted).toHaveLength(1);
});
