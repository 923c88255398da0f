/**
 * plexctl: the operator's commands, over the bus. Knows the wire contract and nothing of the services behind it; no
 * Nest, no database. Starts fast: what only some commands need is imported when they run.
 */
import { run } from './app';
import { interrupted, pause } from './interruption';
import { personAt } from './person';
import { Terminal } from './terminal';

const terminal = new Terminal(process.stdout, process.stderr);
const surroundings = {
  ...{ env: process.env, stdin: () => process.stdin, terminal, interrupted, pause },
  person: () => personAt(process.stdin, process.stderr),
};

void run(process.argv.slice(2), surroundings).then(async (exitCode) => {
  await terminal.flushed();
  // The client library leaves a socket open where a port accepts and then says nothing; it would hold the process up.
  process.exit(exitCode);
});
