import { createBusKey } from '@plexsphere/wire';
import { command } from '../../command';
import { oneRow } from '../../render';
import { reserveSecretFile, type Done } from '../../secret-file';
import { NAME_FLAG, MESH_SCOPE_FLAG } from '../flag-definitions';
import { busAccess, enrolmentText } from './enrolment-file';

export const addNode = command({
  path: ['node', 'add'],
  summary: 'enrol a Node, and write the file that it joins by',
  about: `Makes the Node's bus key pair here, has the Node enrolled with the public half, and writes the enrolment file:
    bus credential, trust bundle, address. The file is the Node's secret. Carry it there and delete it here; it is
    not written twice.`,
  flags: {
    scope: MESH_SCOPE_FLAG,
    name: { ...NAME_FLAG, summary: 'of the Node', required: true },
    out: { value: 'file', summary: 'the enrolment file (default: ./<name>.node.json); never overwritten' },
  },
  examples: ['plexctl node add --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --name edge-7 --out edge-7.json'],
  asks: 'bus',

  async run({ flags: { scope, name, out }, bus }) {
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
  },
});

const ifUnknown = (scope: string, name: string): string =>
  `plexctl node show --scope ${scope} --name ${name} finds it if it is enrolled; nobody has its file then: ` +
  'plexctl node remove it, and add it again';

const enrolled = (nodeId: string): Done => ({
  detail: 'the Node is enrolled, its file is not written',
  members: { node_id: nodeId },
  hint: `nobody has its credential: plexctl node remove --node-id ${nodeId}, and add it again`,
});
