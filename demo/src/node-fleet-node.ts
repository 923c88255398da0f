/** One Node of the fleet: an SDK client with a folder of its own for its trust store and its journal. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeClient, TrustStore, type Enrolment } from '@plexsphere/node-sdk';
import { NodeJournal } from './node-fleet-journal';

export async function createNode(enrolment: Enrolment, folder: string): Promise<NodeClient> {
  const storeDir = join(folder, 'trust');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const journal = new NodeJournal(join(folder, 'journal.jsonl'), await savedPosition(enrolment, storeDir));
  return new NodeClient({
    enrolment,
    storeDir,
    handler: async (event) => journal.applied(event),
    onRefused: (refused) => journal.refused(refused),
    onTrusts: (trusts) => journal.trusts(trusts),
  });
}

async function savedPosition(enrolment: Enrolment, storeDir: string): Promise<number> {
  const store = await TrustStore.open(storeDir, enrolment);
  store.close();
  return store.opened.position;
}
