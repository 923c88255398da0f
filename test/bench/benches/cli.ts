import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, type Stack } from '@plexsphere/stack';
import { decodeBusSeed, inboxPrefix, parseTokenFile, subjects } from '@plexsphere/wire';
import type { Bench } from '../src/bench';
import { compared, median } from '../src/row';

const PLEXCTL = join(repositoryRoot, 'apps', 'plexctl', 'bin', 'plexctl.js');
const BARE_QUESTION = join(repositoryRoot, 'test', 'bench', 'src', 'bare-question.cjs');

/** What a person waits for. Through npx it is npx that they wait for. */
export const bench: Bench = {
  name: 'cli',
  takesSeconds: 8,
  takesQuickly: 5,
  sharesStack: true,
  async run(benches) {
    const { stack } = await benches.commonStack();
    const env = { PATH: process.env['PATH'] };
    const ours = { ...env, ...stack.env };
    const rounds = await benches.rounds(
      {
        nothing: () => tookMs(['-e', '0'], env),
        help: () => tookMs([PLEXCTL, '--help'], env),
        bare: () => tookMs([BARE_QUESTION], { ...env, QUESTION: bareQuestion(stack) }),
        asked: () => tookMs([PLEXCTL, 'signing', 'jwks', '--scope', 'platform'], ours),
      },
      { full: 15, quick: 5 },
    );
    const told = {
      unit: 'ms',
      better: 'lower',
      against_what: 'node -e 0: Node.js itself, which does nothing',
    } as const;
    const beside = { 'ms by the client library alone, from its own files': median(rounds.bare) };
    return [
      compared({ name: 'cli --help', reach: 1.6, ...told }, rounds.help, rounds.nothing),
      compared({ name: 'cli round trip', reach: 2.5, ...told, beside }, rounds.asked, rounds.nothing),
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

/** RFC 8410: what stands before the 32 bytes of an Ed25519 key in PKCS #8. */
const PKCS8_OF_ED25519 = '302e020100300506032b657004220420';

function bareQuestion({ natsUrl, tokenFile }: Pick<Stack, 'natsUrl' | 'tokenFile'>): string {
  const { operator: id = '', busCredential = '' } = parseTokenFile(readFileSync(tokenFile, 'utf8'));
  const [jwt] = /^ey.*$/m.exec(busCredential) ?? [];
  const seed = decodeBusSeed('user', /^SU.*$/m.exec(busCredential)?.[0] ?? '');
  if (seed === undefined) throw new Error('the token file holds no credential');
  return JSON.stringify({
    ...{ servers: natsUrl, jwt, pkcs8: Buffer.concat([Buffer.from(PKCS8_OF_ED25519, 'hex'), seed]).toString('base64') },
    ...{ inboxPrefix: inboxPrefix({ kind: 'operator', id }), subject: subjects.command(id, 'signing.jwks') },
  });
}
