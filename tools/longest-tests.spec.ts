import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The list that `npm test` orders its files by: one that is not there any more would let that file come last. */

const ROOT = resolve(__dirname, '..');
const text = readFileSync(join(ROOT, 'tools/run/longest-tests.json'), 'utf8');
const longest = JSON.parse(text) as Record<string, number>;

it.each(Object.keys(longest))('%s is there', (path) => expect(existsSync(join(ROOT, path))).toBe(true));
