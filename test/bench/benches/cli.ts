import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import type { Bench } from '../src/bench';
import { compared } from '../src/row';

const PLEXCTL = join(repositoryRoot, 'apps', 'plexctl', 'bin', 'plexctl.js');

/** What a person waits for. Through npx it is npx that they wait for. */
export const bench: Bench = {
  name: 'cli',
  takesSeconds: 15,
  takesQuickly: 6,
  async run(benches) {
    const { stack } = await benches.commonStack();
    const env = { PATH: process.env['PATH'] };
    const ours = { ...env, ...stack.env };
    const rounds = await benches.rounds(
      {
        nothing: () => tookMs(['-e', '0'], env),
        help: () => tookMs([PLEXCTL, '--help'], env),
        asked: () => tookMs([PLEXCTL, 'signing', 'jwks', '--scope', 'platform'], ours),
      },
      { full: 15, quick: 5 },
    );
    const told = {
      unit: 'ms',
      better: 'lower',
      against_what: 'node -e 0: Node.js itself, which does nothing',
    } as const;
    return [
      compared({ name: 'cli --help', reach: 1.6, ...told }, rounds.help, rounds.nothing),
      compared({ name: 'cli round trip', reach: 2.5, ...told }, rounds.asked, rounds.nothing),
    ];
  },
};

async function tookMs(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const beganAt = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  return performance.now() - beganAt;
}
