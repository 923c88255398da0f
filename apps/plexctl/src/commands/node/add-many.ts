import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NODES_PER_REQUEST, uuidOf } from '@plexsphere/wire';
import type { AddNodesReply } from '@plexsphere/wire/commands';
import type { Bus, Surroundings } from '../../command';
import { misuse } from '../../failure';
import { refuseAs } from '../../refusal';
import { readInput } from '../../input';
import type { Result } from '../../render';
import { reserveSecretFile } from '../../secret-file';
import { readSmallFile } from '../../small-file';
import { openBatch, type Batch } from './batch';
import { busAccess, enrolmentText } from './enrolment-file';
import { namesIn } from './names-in';

interface Order {
  scope: string;
  from: string;
  folder: string;
}

interface Written {
  node_id: string;
  name: string;
  file: string;
}

/** Every Node that a file names. What was done stays done: run again it goes on, by the same keys and the same requests. */
export async function addMany(
  { bus, terminal, stdin }: { bus: Bus } & Pick<Surroundings, 'terminal' | 'stdin'>,
  { scope, from, folder }: Order,
): Promise<Result> {
  const names = namesIn(await readInput(from === '-' ? undefined : from, 'from', stdin(), terminal));
  const batch = openBatch(folder, scope);
  const left = names.filter((name) => !isThere(folder, scope, name));
  const [written, taken]: [Written[], string[]] = [[], []];
  for (let next = 0; next < left.length; next += NODES_PER_REQUEST) {
    const reply = await askFor(bus, batch, scope, left.slice(next, next + NODES_PER_REQUEST));
    written.push(...reply.nodes.map((node) => writeFile(bus, batch, folder, { ...reply, ...node })));
    taken.push(...reply.taken);
    terminal.progress(`${written.length + taken.length} of ${left.length} Nodes asked for`);
  }
  // From here on every key stands in its Node's file alone.
  batch.end();
  const passed = names.length - left.length;
  if (passed > 0) terminal.note(`${passed} passed over, whose files are in ${folder} already`);
  return {
    text: {
      columns: ['NODE_ID', 'NAME', 'FILE'],
      rows: written.map(({ node_id, name, file }) => [node_id, name, file]),
    },
    document: { scope, nodes: written, passed_over: passed, taken },
    ...(taken.length > 0 && { failure: namesTaken(taken) }),
  };
}

/** Beside a credential it has a bundle and a list of certificates. */
const MOST_BYTES = 1_048_576;

const fileOf = (folder: string, name: string): string => join(folder, `${name}.node.json`);

/** @throws Failure 2 where the file is another Node's: it is neither passed over nor overwritten */
function isThere(folder: string, scope: string, name: string): boolean {
  const path = fileOf(folder, name);
  if (!existsSync(path)) return false;
  const text = readSmallFile(path, { flag: 'out', mostBytes: MOST_BYTES });
  if (isEnrolmentOf(text, scope, name)) return true;
  throw misuse('--out holds a file of another Node', 'out', `${path} is not overwritten: name another folder`);
}

function isEnrolmentOf(text: string, scope: string, name: string): boolean {
  try {
    const node = JSON.parse(text) as Record<string, unknown>;
    return node['scope'] === scope && node['name'] === name;
  } catch {
    return false;
  }
}

function askFor(bus: Bus, batch: Batch, scope: string, names: readonly string[]): Promise<AddNodesReply> {
  const nodes = names.map((name) => ({ name, bus_public_key: batch.keyOf(name).publicKey }));
  // The same names by the same keys are the same request: a service that has answered it says the same again.
  const requestId = uuidOf(batch.id, names.join('\n'));
  return bus.change('node.add-many', { scope, nodes, request_id: requestId }, GO_ON);
}

const GO_ON = 'run the same command again: it goes on with the same Nodes';

function writeFile(
  bus: Bus,
  batch: Batch,
  folder: string,
  { scope, bundle, node_id, name, bus_jwt: jwt }: Omit<AddNodesReply, 'nodes'> & AddNodesReply['nodes'][number],
): Written {
  const path = fileOf(folder, name);
  const file = reserveSecretFile(path);
  try {
    const text = enrolmentText({ node_id, scope, name, bundle }, busAccess(bus, jwt, batch.keyOf(name).seed));
    file.write(text, {
      detail: 'the Node is enrolled, its file is not written',
      members: { node_id, name },
      hint: GO_ON,
    });
    return { node_id, name, file: path };
  } finally {
    file.release();
  }
}

/** Of those that are named the first: the result has all of them. */
const namesTaken = (taken: readonly string[]) =>
  refuseAs(
    'nodeExists',
    { field: 'name', taken_count: taken.length, taken: taken.slice(0, 50) },
    { hint: 'Nodes with other keys have these names: choose others, or plexctl node remove those' },
  );
