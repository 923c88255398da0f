/**
 * Many mesh Nodes in one process, each with its own bus credential, trust store and journal.
 *
 *   node demo/dist/node-fleet.js --enrolments DIR --out DIR
 *
 * Takes up every *.node.json that is in DIR when it starts, writes <out>/<node name>/journal.jsonl, prints
 * {"msg":"ready","nodes":N} when a relay has answered each Node, and stops cleanly on SIGTERM and SIGINT.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnrolment, type Enrolment, type NodeClient } from '@plexsphere/node-sdk';
import { createNode } from './node-fleet-node';

async function main(): Promise<void> {
  const { enrolments, out } = options();
  const nodes = await Promise.all(
    (await readEnrolments(enrolments)).map((one) => createNode(one, join(out, one.name))),
  );
  let stopping = false;
  const stopped = new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      if (stopping) return;
      stopping = true;
      stopAll(nodes).then(resolve, reject);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
  await Promise.all(nodes.map((node) => node.start()));
  const ready = Promise.all(nodes.map((node) => node.ready())).then(
    () => {
      if (!stopping) process.stdout.write(`${JSON.stringify({ msg: 'ready', nodes: nodes.length })}\n`);
    },
    (error: unknown) => {
      // That a Node was stopped before a relay has answered it ends nothing: the others are being stopped, too.
      if (!stopping) throw error;
    },
  );
  await Promise.race([stopped, ready]);
  await stopped;
}

function options(): { enrolments: string; out: string } {
  const { values } = parseArgs({ options: { enrolments: { type: 'string' }, out: { type: 'string' } } });
  const { enrolments, out } = values;
  if (enrolments === undefined || out === undefined) throw new Error('usage: node-fleet --enrolments DIR --out DIR');
  return { enrolments, out };
}

async function readEnrolments(folder: string): Promise<Enrolment[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.node.json')).sort();
  const enrolments = await Promise.all(files.map((name) => readEnrolment(join(folder, name))));
  const names = new Set(enrolments.map(({ name }) => name));
  // Two Domains may each have a Node of that name; here a name is a folder.
  if (names.size !== enrolments.length) throw new Error('two enrolment files name the same Node');
  return enrolments;
}

async function stopAll(nodes: readonly NodeClient[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
