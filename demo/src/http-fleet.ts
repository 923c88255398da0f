/**
 * Many Nodes over HTTP in one process, each as strict as the contract lets it be, and with nothing of ours.
 *
 *   node demo/dist/http-fleet.js --enrolments DIR --out DIR --scope SCOPE --gateway URL [--gateway URL]...
 *
 * Registers by every *.token that is in DIR when it starts, writes <out>/<node name>/journal.jsonl, prints
 * {"msg":"ready","nodes":N} when each has taken its first envelope, and stops cleanly on SIGTERM and SIGINT.
 */
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { StrictNode } from '@plexsphere/testkit';
import { HttpNode } from './http-fleet-node';

async function main(): Promise<void> {
  const { enrolments, out, scope, gateways } = options();
  const files = (await readdir(enrolments)).filter((name) => name.endsWith('.token')).sort();
  const nodes = await Promise.all(
    files.map(async (file) => {
      const token = await readFile(join(enrolments, file), 'utf8');
      const name = basename(file, '.token');
      const identity = await StrictNode.register(gateways[0]!, token, name);
      return HttpNode.start({ gateways, scope, identity, folder: join(out, name) });
    }),
  );
  const stopped = new Promise<void>((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  const ready = Promise.all(nodes.map((node) => node.ready)).then(() =>
    process.stdout.write(`${JSON.stringify({ msg: 'ready', nodes: nodes.length })}\n`),
  );
  await Promise.race([stopped, ready]);
  await stopped;
  await Promise.all(nodes.map((node) => node.stop()));
}

function options() {
  const text = { type: 'string' } as const;
  const names = { enrolments: text, out: text, scope: text, gateway: { ...text, multiple: true } } as const;
  const { enrolments, out, scope, gateway: gateways } = parseArgs({ options: names }).values;
  if (enrolments === undefined || out === undefined || scope === undefined || gateways === undefined)
    throw new Error('usage: http-fleet --enrolments DIR --out DIR --scope SCOPE --gateway URL');
  return { enrolments, out, scope, gateways };
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
