/**
 * Many hosts in one process, each an edge agent with a key, a folder and a journal of its own.
 *
 *   node demo/dist/edge-fleet.js --enrolments DIR --out DIR --gateway URL [--gateway URL]...
 *
 * Has a host for every *.token that is in DIR when it starts, which is enrolled by it unless it was before, keeps what it
 * holds in <DIR>/<host name>, writes <out>/<host name>/journal.jsonl, prints {"msg":"ready","nodes":N} when each host is
 * connected, and stops cleanly on SIGTERM and SIGINT.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { EdgeHost } from './edge-host';

async function main(): Promise<void> {
  const { enrolments, out, gateways } = options();
  const files = (await readdir(enrolments)).filter((name) => name.endsWith('.token')).sort();
  const stopped = new Promise<void>((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  const hosts = await Promise.all(
    files.map((file) => {
      const name = basename(file, '.token');
      const paths = { tokenFile: join(enrolments, file), state: join(enrolments, name), journal: join(out, name) };
      return EdgeHost.start({ name, gateways, ...paths });
    }),
  );
  const ready = Promise.all(hosts.map((host) => host.connected)).then(() =>
    process.stdout.write(`${JSON.stringify({ msg: 'ready', nodes: hosts.length })}\n`),
  );
  await Promise.race([stopped, ready]);
  await stopped;
  await Promise.all(hosts.map((host) => host.stop()));
}

function options() {
  const text = { type: 'string' } as const;
  const names = { enrolments: text, out: text, gateway: { ...text, multiple: true } } as const;
  const { enrolments, out, gateway: gateways } = parseArgs({ options: names }).values;
  if (enrolments === undefined || out === undefined || gateways === undefined)
    throw new Error('usage: edge-fleet --enrolments DIR --out DIR --gateway URL');
  return { enrolments, out, gateways };
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
