// npm run verify: whatever is generated is generated anew and compared with what is committed. Every check runs, whatever
// became of the one before; each names the command that puts things right.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tools = dirname(fileURLToPath(import.meta.url));
// A generator is found by its name, so that a new one cannot be forgotten here.
const generators = readdirSync(tools).filter((name) => /^generate-[a-z-]+\.mjs$/.test(name));
const checks = [...generators.map((name) => [name, '--check']), ['verify-vectors.mjs']];

let failed = 0;
for (const [name, ...args] of checks) {
  const { status } = spawnSync(process.execPath, [join(tools, name), ...args], { stdio: 'inherit' });
  process.stderr.write(`${status === 0 ? 'ok  ' : 'FAIL'} tools/${name}\n`);
  if (status !== 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;
