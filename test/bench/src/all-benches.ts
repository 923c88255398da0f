import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Bench } from './bench';

const folder = join(__dirname, '..', 'benches');

/** One for each file. */
export async function allBenches(): Promise<Bench[]> {
  const names = readdirSync(folder).flatMap((file) => (file.endsWith('.ts') ? [basename(file, '.ts')] : []));
  return Promise.all(
    names.sort().map(async (name) => {
      const { bench } = (await import(join(folder, name))) as { bench: Bench };
      return bench;
    }),
  );
}
