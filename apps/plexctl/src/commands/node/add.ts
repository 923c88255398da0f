import { isNodeName } from '@plexsphere/wire';
import type { AddNodeReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { SCOPE_FLAG } from '../flag-definitions';

export const addNode = command({
  path: ['node', 'add'],
  summary: 'enrol a Node, and write the file that it joins by',
  about: `Makes the Node's bus key pair here, has the Node enrolled with the public half, and writes the enrolment file:
    bus credential, trust bundle, address. The file is the Node's secret. Carry it there and delete it here; it is
    not written twice.`,
  flags: {
    scope: SCOPE_FLAG,
    name: {
      value: 'name',
      summary: 'of the Node',
      accepts: isNodeName,
      expected: 'at most 63 letters, digits, dots, dashes or _, beginning with a letter or a digit',
      required: true,
    },
    out: { value: 'file', summary: 'the enrolment file (default: ./<name>.node.json); never overwritten' },
  },
  examples: ['plexctl node add --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --name edge-7 --out edge-7.json'],
  asks: 'bus',

  async run({ flags: { scope, name, out }, bus }) {
    const { reserveEnrolmentFile } = await import('./enrolment-file');
    const file = reserveEnrolmentFile(out ?? `./${name}.node.json`);
    try {
      const { publicKey, seed } = await makeKeyPair();
      const reply = await bus.change('node.add', { scope, name, bus_public_key: publicKey }, ifUnknown(name));
      file.write(enrolment(reply, seed, bus.endpoint.text), reply.node_id);
      return {
        text: { columns: ['NODE_ID', 'SCOPE', 'NAME', 'FILE'], rows: [[reply.node_id, scope, name, file.path]] },
        document: { node_id: reply.node_id, scope, name, file: file.path },
      };
    } finally {
      file.release();
    }
  },
});

const ifUnknown = (name: string): string =>
  `a Node named ${name} may be enrolled that nobody has a file for: it stays pending; enrol it under another name`;

/** The private half is made here and goes into the enrolment file: it never crosses the bus. */
async function makeKeyPair(): Promise<{ publicKey: string; seed: string }> {
  const { createUser } = await import('@nats-io/nkeys');
  const pair = createUser();
  return { publicKey: pair.getPublicKey(), seed: Buffer.from(pair.getSeed()).toString('ascii') };
}

function enrolment({ node_id, scope, name, bus_jwt, bundle }: AddNodeReply, seed: string, endpoint: string): string {
  const document = { node_id, scope, name, servers: [endpoint], bus_credential: credential(bus_jwt, seed), bundle };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The text of a NATS .creds file. */
const credential = (jwt: string, seed: string): string =>
  [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
