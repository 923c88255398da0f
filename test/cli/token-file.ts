import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busCredentialText } from '@plexsphere/testkit';

/** A token file whose key opens nothing: for where nobody is dialled who would ask for it. */
export function writeTokenFile(folder: string, name = 'operator.token', mode = 0o600): string {
  const path = join(folder, name);
  const token = { operator: '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1', bus_credential: busCredentialText() };
  writeFileSync(path, JSON.stringify(token), { mode });
  return path;
}
