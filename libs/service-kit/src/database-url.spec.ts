import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';
import { databaseUrlReader } from './database-url';

const file = join(temporaryFolder(), 'database-url');
const OLD = 'postgres://somebody:old@db.example.com/plexsphere';
const NEW = 'postgres://somebody:new@db.example.com/plexsphere';

it('N-1: is what the file holds at that moment, and what it last held while the file is away or torn', () => {
  writeFileSync(file, `${OLD}\n`);
  const url = databaseUrlReader('', file);
  expect(url()).toBe(OLD);
  writeFileSync(file, `${NEW}\n`);
  expect(url()).toBe(NEW);
  writeFileSync(file, NEW.slice(0, 5));
  expect(url()).toBe(NEW);
  rmSync(file);
  expect(url()).toBe(NEW);
});

it.each([
  ['neither', '', ''],
  ['both', OLD, file],
  ['something else', 'mysql://db', ''],
  ['a file that is not there', '', join(file, 'nothing')],
])('is not read from %s', (_, url, from) => {
  rmSync(file, { force: true });
  if (from === file) writeFileSync(file, OLD);
  expect(databaseUrlReader(url, from)).toThrow();
});
