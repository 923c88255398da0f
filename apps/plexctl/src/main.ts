/**
 * plexctl: the operator's commands, over the bus. Knows the wire contract and nothing of the services behind it; no
 * Nest, no database. Starts fast: what only some commands need is imported when they run.
 */
import { run } from './app';
import { Terminal } from './terminal';

const surroundings = {
  env: process.env,
  terminal: new Terminal(process.stdout, process.stderr),
  stdin: () => process.stdin,
};

void run(process.argv.slice(2), surroundings).then((exitCode) => {
  // Not process.exit: what is still on its way to a pipe would be cut off.
  process.exitCode = exitCode;
});
