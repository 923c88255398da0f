// npm start | stop | demo | bench | verify | test | test:long, from whatever state a clone is in: installs and builds what is
// missing, then runs the real program. Knows only Node itself, since nothing else may be installed yet. It speaks on standard
// error, so that the last line of standard output is the program's own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, ensureDependencies } from './run/prepare.mjs';
import { root, run } from './run/process.mjs';
import { test, testLong } from './run/test.mjs';
import { withLock } from './run/lock.mjs';

const OLDEST_NODE = [20, 19];

const program = (path) => (args) => run(process.execPath, [join(root, path), ...args], { stdio: 'inherit' });
const commands = {
  start: program('stack/dist/start.js'),
  stop: program('stack/dist/stop.js'),
  demo: program('demo/dist/main.js'),
  bench: program('test/bench/run.mjs'),
  verify: program('tools/verify.mjs'),
  test,
  'test:long': testLong,
};

const [name, ...args] = process.argv.slice(2);
process.exitCode = await main();

async function main() {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
  if (!command) {
    process.stderr.write(`usage: node tools/run.mjs <${Object.keys(commands).join('|')}> [args]\n`);
    return 2;
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    process.stderr.write(`Node ${OLDEST_NODE.join('.')} or later is needed; this is ${process.versions.node}.\n`);
    return 1;
  }
  process.chdir(root);
  // What runs was built; to end it must not wait for a build.
  if (name === 'stop' && !existsSync(join(root, 'stack/dist/stop.js'))) {
    process.stdout.write('No stack of this clone is running.\n');
    return 0;
  }
  try {
    if (name !== 'stop') await withLock(join(root, '.plexsphere', 'build.lock'), prepare);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    if (name?.startsWith('test')) process.stdout.write('tests: 0 passed, 1 failed\n');
    return 1;
  }
  return command(args);
}

async function prepare() {
  await ensureDependencies();
  await build();
}
