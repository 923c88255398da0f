import { createBusKey } from '@plexsphere/wire';
import { command, type Bus } from '../../command';
import { misuse } from '../../failure';
import { oneRow, type Result } from '../../render';
import { reserveSecretFile, type Done } from '../../secret-file';
import { NAME_FLAG, MESH_SCOPE_FLAG } from '../flag-definitions';
import { addMany } from './add-many';
import { busAccess, enrolmentText } from './enrolment-file';

export const addNode = command({
  path: ['node', 'add'],
  about: `Makes the Node's bus key pair here, has the Node enrolled with the public half, and writes the enrolment file:
    bus credential, trust bundle, address. The file is the Node's secret. Carry it there and delete it here; it is
    not written twice.

    --from enrols each Node that a file names, up to 256 in one request, and writes their files into the folder --out. It
    may be broken off at any time and run again: what is there is passed over, and it goes on where it ended, with the same
    Nodes. Until it has come to its end .plexctl-enrolment.json in that folder holds what their keys are made of. A name that
    another Node has is told, and the exit code is 1; all others are enrolled.`,
  flags: {
    scope: MESH_SCOPE_FLAG,
    name: { ...NAME_FLAG, summary: 'of the Node', required: true, unless: 'from' },
    from: { value: 'file', summary: 'names, one a line, or JSON lines with a name each; - is standard input' },
    out: {
      value: 'path',
      summary:
        'the enrolment file (default: ./<name>.node.json), or the folder of those of --from (default: .); never overwritten',
    },
  },
  examples: [
    'plexctl node add --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --name edge-7 --out edge-7.json',
    'plexctl node add --scope platform --from hosts.txt --out enrolments',
  ],
  asks: 'bus',
  check({ name, from }) {
    if (name !== undefined && from !== undefined) throw misuse('--from names the Nodes', 'name', 'leave --name out');
  },

  run(invocation) {
    const { scope, name, from, out } = invocation.flags;
    return from === undefined
      ? addOne(invocation.bus, { scope, name: name ?? '', out })
      : addMany(invocation, { scope, from, folder: out ?? '.' });
  },
});

async function addOne(
  bus: Bus,
  { scope, name, out }: { scope: string; name: string; out: string | undefined },
): Promise<Result> {
  const file = reserveSecretFile(out ?? `./${name}.node.json`);
  try {
    const { publicKey, seed } = createBusKey('user');
    const reply = await bus.change('node.add', { scope, name, bus_public_key: publicKey }, ifUnknown(scope, name));
    file.write(enrolmentText(reply, busAccess(bus, reply.bus_jwt, seed)), enrolled(reply.node_id));
    const document = { node_id: reply.node_id, scope, name, file: file.path };
    return { text: oneRow(document), document };
  } finally {
    file.release();
  }
}

const ifUnknown = (scope: string, name: string): string =>
  `plexctl node show --scope ${scope} --name ${name} finds it if it is enrolled; nobody has its file then: ` +
  'plexctl node remove it, and add it again';

const enrolled = (nodeId: string): Done => ({
  detail: 'the Node is enrolled, its file is not written',
  members: { node_id: nodeId },
  hint: `nobody has its credential: plexctl node remove --node-id ${nodeId}, and add it again`,
});
