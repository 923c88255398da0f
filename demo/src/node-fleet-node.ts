/** One Node of the fleet: an SDK client with a folder of its own for its trust store and its journal. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeClient, type Enrolment } from '@plexsphere/node-sdk';
import { NodeJournal } from './node-fleet-journal';

export async function createNode(enrolment: Enrolment, folder: string): Promise<NodeClient> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const journal = new NodeJournal(join(folder, 'journal.jsonl'), () => node.position);
  const node: NodeClient = new NodeClient({
    enrolment,
    storeDir: join(folder, 'trust'),
    handler: async (event) => journal.applied(event),
    onRefused: (refused) => journal.refused(refused),
    onTrusts: (trusts) => journal.trusts(trusts),
  });
  return node;
}
