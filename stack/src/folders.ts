import { resolve } from 'node:path';

/** The clone that this file belongs to; the same from src/ and from dist/. */
export const repositoryRoot = resolve(__dirname, '..', '..');

/** Where everything local of this clone lives; git ignores it. */
export const localFolder = resolve(repositoryRoot, '.plexsphere');
