import type { NodeSdkError, NodeSdkErrorCode } from '@plexsphere/node-sdk';
import { command } from '../../command';
import { Failure, misuse } from '../../failure';
import { orStopped } from '../../interruption';
import { readSmallFile } from '../../small-file';
import { notes, showTo } from './sightings';

export const listenAsNode = command({
  path: ['node', 'listen'],
  about: `Runs the Node of an enrolment file, on the bus or over HTTP, until Ctrl-C. Prints whom the Node trusts, whenever that
    changes; each event, once it is verified; each message that the Node refuses, and why; and that it is turned away,
    or has lost events. With --output json each of these is a document a line.

    It is that Node meanwhile: what is printed is acknowledged, and sent to nobody again. So not by the file of a Node
    that runs elsewhere. Between two runs the folder of --store holds whom it trusts, and how far it has come.`,
  flags: {
    file: { value: 'file', summary: 'the enrolment file', required: true },
    store: { value: 'folder', summary: "the Node's own (default: beside the file, <file>.store)" },
  },
  examples: [
    'plexctl node listen --file edge-7.node.json',
    'plexctl node listen --file edge-7.node.json --store edge-7 --output json',
  ],
  asks: 'nobody',

  async run({ flags: { file, store }, output, insecure, terminal, interrupted }) {
    const { NodeClient, NodeSdkError, parseEnrolment } = await import('@plexsphere/node-sdk');
    const { nodeSightings } = await import('@plexsphere/edge');
    const stop = new AbortController();
    const show = showTo(terminal, output, () => stop.abort());
    try {
      const node = new NodeClient({
        enrolment: parseEnrolment(readSmallFile(file, { flag: 'file', mostBytes: MOST_BYTES, isSecret: true })),
        storeDir: store ?? `${file.replace(/\.json$/, '')}.store`,
        allowPlaintext: insecure,
        ...nodeSightings(show),
        logger: notes(terminal),
      });
      await node.start();
      const ready = node.ready().then(() => show({ what: 'ready', position: node.position }));
      // Where it is stopped before, or nobody reads.
      ready.catch(() => undefined);
      const never = new Promise<never>(() => undefined);
      await orStopped(never, AbortSignal.any([interrupted(), stop.signal]));
      const { applied, duplicates, keyChanges: key_changes, refused } = node.counts;
      await node.stop();
      await show({ what: 'stopped', applied, duplicates, key_changes, refused }).catch(() => undefined);
    } catch (error) {
      throw error instanceof NodeSdkError ? inWords(error) : error;
    }
    return undefined;
  },
});

/** An enrolment has a bundle, a credential, and perhaps certificates. */
const MOST_BYTES = 262_144;

function inWords({ code, about }: NodeSdkError): Failure {
  if (code === 'enrolment_malformed') {
    const hint = 'name the file that plexctl node add wrote, or what the Node was told when it registered';
    return misuse('--file is no enrolment file', about === '' ? 'file' : about, hint);
  }
  return new Failure(1, code.replaceAll('_', ' '), about === '' ? {} : { about }, HINTS[code]);
}

const HINTS: Partial<Record<NodeSdkErrorCode, string>> = {
  store_in_use: 'the Node runs already on this machine; another folder for --store has it run twice',
  store_damaged: 'remove the folder, and the Node begins with its enrolment again',
  store_of_another_node: 'name a folder of its own by --store',
  plaintext_beyond_loopback: 'use TLS, or --insecure to send the credential in the clear',
};
