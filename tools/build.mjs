// Transpiles one project, src/**/*.ts to dist/**/*.js, for Node 20 (CommonJS, decorator metadata for Nest and TypeORM).
// Types are checked by `npm run typecheck`, once for the whole repository, so this step stays fast.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { swcOptions } from './swc-options.mjs';
import { transformFile } from '@swc/core';

const source = join(process.cwd(), 'src');
const target = join(process.cwd(), 'dist');

await rm(target, { recursive: true, force: true });
for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !/(?<!\.(spec|d))\.ts$/.test(file)) continue;
  const out = join(target, relative(source, file).replace(/\.ts$/, '.js'));
  const { code, map } = await transformFile(file, { ...swcOptions, sourceMaps: true });
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, `${code}\n//# sourceMappingURL=${out.split('/').pop()}.map\n`);
  await writeFile(`${out}.map`, map);
}
