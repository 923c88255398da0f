// What Jest loads instead of @swc/jest where MUTANT names a mutant: one rule is taken out of one file, in memory alone. The
// rest of what Jest keeps of transformed files is shared, since the key is made of what is transformed.
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import swc from '@swc/jest';

const root = resolve(import.meta.dirname, '../..');
const parsed = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));
const rowsIn = (folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => parsed(folder, file));
const rows = () => parsed('tools/mutants/models.json').flatMap(({ mutants }) => rowsIn(mutants));

function mutant(name) {
  const row = rows().find((each) => each.name === name);
  if (row === undefined) throw new Error(`MUTANT names none of the mutants: ${name}`);
  const text = (lines) => (Array.isArray(lines) ? lines.join('\n') : lines);
  return [row, ...(row.also ?? [])].map(({ file, find, replace }) => ({
    path: join(root, file),
    find: text(find),
    replace: text(replace),
  }));
}

export default {
  createTransformer(options) {
    const { canInstrument, process: transform, getCacheKey } = swc.createTransformer(options);
    const changes = mutant(process.env.MUTANT);
    const changed = (source, { path, find, replace }) => {
      const [before, after, ...more] = source.split(find);
      if (after === undefined || more.length > 0) throw new Error(`not once in ${path}: ${find}`);
      return `${before}${replace}${after}`;
    };
    const mutated = (source, file) => changes.filter(({ path }) => path === file).reduce(changed, source);
    return {
      canInstrument,
      process: (source, file, jest) => transform(mutated(source, file), file, jest),
      getCacheKey: (source, file, jest) => getCacheKey(mutated(source, file), file, jest),
    };
  },
};
