import { readFileSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** The list of what `npm test` begins with: a name that no file has any more would let that file come last. */

const ROOT = resolve(__dirname, '..');
const specs = ['apps', 'libs', 'stack', 'demo', 'test', 'tools']
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }))
  .filter((file) => file.endsWith('.spec.ts'))
  .map((file) => basename(file, '.spec.ts'));

const longest = JSON.parse(readFileSync(join(ROOT, 'tools/run/longest-tests.json'), 'utf8')) as string[];

it.each(longest)('%s is a spec file', (name) => expect(specs).toContain(name));
