import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readBusCredential } from '@plexsphere/bus-client';
import {
  BRING_UP_FILES,
  SERVICE_NAMES,
  credentialFile,
  databaseUrlFile,
  lackingRights,
  type ServiceName,
} from '@plexsphere/wire';
import { replaceFile } from './folders';

const anewIn = (folder: string, service: ServiceName): string => join(folder, `${service}-anew`);

/** The services whose bus credential an earlier version made, so that it lacks what this one says or hears. */
export async function servicesWithEarlierCredentials(folder: string): Promise<ServiceName[]> {
  const earlier: ServiceName[] = [];
  for (const service of SERVICE_NAMES) {
    const { jwt } = readBusCredential(await readFile(join(folder, credentialFile(service)), 'utf8'));
    const isCutOff = existsSync(anewIn(folder, service));
    if (isCutOff || lackingRights(jwt, { kind: service }).length > 0) earlier.push(service);
  }
  return earlier;
}

/**
 * Has plexctl make another credential, puts it in place and ends those before it, while no service runs. What is cut off is
 * done again from the beginning: the folder of the new one goes last.
 */
export async function replaceCredential(
  folder: string,
  service: ServiceName,
  plexctl: (args: string[]) => Promise<void>,
): Promise<void> {
  const reissue = ['bootstrap', 'reissue', '--service', service];
  const anew = anewIn(folder, service);
  await rm(anew, { recursive: true, force: true });
  await plexctl([...reissue, '--kek-file', join(folder, BRING_UP_FILES.kek), '--out', anew]);
  for (const name of [databaseUrlFile(service), credentialFile(service)]) {
    replaceFile(join(folder, name), await readFile(join(anew, name), 'utf8'));
  }
  await plexctl([...reissue, '--revoke-old']);
  await rm(anew, { recursive: true });
}
