import { parseStatements, transactionOf } from './statement-times';

const LOG = `2026-11-22 21:00:00.100 UTC [7] LOG:  duration: 0.010 ms  statement: START TRANSACTION
2026-11-22 21:00:00.101 UTC [8] LOG:  duration: 0.010 ms  statement: START TRANSACTION
2026-11-22 21:00:00.150 UTC [7] LOG:  duration: 0.200 ms  parse <unnamed>: INSERT INTO a
2026-11-22 21:00:00.190 UTC [7] LOG:  duration: 40.125 ms  execute <unnamed>: INSERT INTO a (id)
	SELECT id FROM b
2026-11-22 21:00:00.195 UTC [8] LOG:  duration: 0.100 ms  statement: COMMIT
2026-11-22 21:00:00.240 UTC [7] LOG:  duration: 30.000 ms  statement: COMMIT
2026-11-22 21:00:00.300 UTC [7] LOG:  checkpoint starting: time
`;

it('reads what PostgreSQL says of its statements, those of several lines too', () => {
  expect(parseStatements(LOG).map(({ process, ms, text }) => [process, ms, text])).toEqual([
    ['7', 0.01, 'START TRANSACTION'],
    ['8', 0.01, 'START TRANSACTION'],
    ['7', 40.125, 'INSERT INTO a (id) SELECT id FROM b'],
    ['8', 0.1, 'COMMIT'],
    ['7', 30, 'COMMIT'],
  ]);
});

it('a transaction lasts from its own beginning to its own end', () => {
  const { statement, ms } = transactionOf(parseStatements(LOG), ({ text }) => text.startsWith('INSERT'));
  expect([statement.ms, ms]).toEqual([40.125, 140]);
});

it('takes nothing for a transaction that is none', () => {
  const [, insert] = parseStatements(LOG).filter(({ process }) => process === '7');
  expect(() => transactionOf([insert!], () => true)).toThrow('not in a transaction');
  expect(() => transactionOf([], () => true)).toThrow('no such statement');
});
