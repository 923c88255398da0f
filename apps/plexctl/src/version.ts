import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The package's own; read only when asked for. */
export function version(): string {
  const { version: number } = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return `plexctl ${number}`;
}
