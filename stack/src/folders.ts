import { renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The clone that this file belongs to; the same from src/ and from dist/. */
export const repositoryRoot = resolve(__dirname, '..', '..');

/** Where everything local of this clone lives; git ignores it. */
export const localFolder = resolve(repositoryRoot, '.plexsphere');

/** As a whole, so that nobody reads half of it; for its owner alone. */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}
