import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '@plexsphere/stack';

/** As the strictest of users have it, who have installed nobody else's types and check the declarations of libraries. */
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2022'],
  types: [] as string[],
};

/** Compiles files of a project with nothing to say about them; `options`: what is otherwise than strict. */
export async function compileStrictly(folder: string, files: readonly string[], options: object = {}): Promise<void> {
  const compilerOptions = { ...STRICT, ...options };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compiler = join(repositoryRoot, 'node_modules/typescript/bin/tsc');
  const compiled = promisify(execFile)(process.execPath, [compiler, '-p', folder]);
  expect(await compiled.catch((error: { stdout: string }) => error)).toMatchObject({ stdout: '', stderr: '' });
}
