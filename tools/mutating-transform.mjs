// What Jest loads instead of @swc/jest where MESH_MUTANT names a mutant: one rule of the mesh is taken out of one file, in
// memory alone. The rest of what Jest keeps of transformed files is shared, since the key is made of what is transformed.
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import swc from '@swc/jest';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'libs/node-sdk/testing/mesh-model/mutants');
const rows = () =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));

function mutant(name) {
  const row = rows().find((each) => each.name === name);
  if (row === undefined) throw new Error(`MESH_MUTANT names none of the mutants: ${name}`);
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
    const changes = mutant(process.env.MESH_MUTANT);
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
