import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { busPermissions } from './permissions';
import { SERVICES, SERVICE_NAMES, credentialFile, databaseUrlFile } from './services';
import { matches } from './traffic';

describe.each(SERVICE_NAMES)('%s', (name) => {
  it('has an app of its name, which runs by it', () => {
    const main = join(__dirname, '../../../apps', name, 'src/main.ts');
    expect(existsSync(main) && readFileSync(main, 'utf8')).toContain(`name: '${name}'`);
  });

  it('may not say by its credential what its trial tries', () => {
    const { publish } = busPermissions({ kind: name });
    const { subject } = SERVICES[name].forbidden;
    expect(publish.filter((pattern) => matches(pattern, subject))).toEqual([]);
  });
});

test('no two services share a file of the bring-up, or a word for their replicas', () => {
  const rows = Object.values(SERVICES);
  const files = [
    ...SERVICE_NAMES.flatMap((name) => [credentialFile(name), databaseUrlFile(name)]),
    ...rows.flatMap((row) => Object.values(row.files)),
  ];
  expect(new Set(files).size).toBe(files.length);
  expect(new Set(rows.map(({ replicas }) => replicas)).size).toBe(rows.length);
});
