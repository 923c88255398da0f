import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, plexctlJson, runPlexctl } from '@plexsphere/stack';

export interface Signed {
  jws: string;
  key_id: string;
}

/** Each look is a process. */
const AGAIN_AFTER_MS = 1_000;
/** Processes at once: one for each core of a small machine. */
const AT_ONCE = 2;

/** An operator of one scope, whose hands are the real `plexctl`. */
export class Operator {
  constructor(
    private readonly scope: string,
    private readonly env: Record<string, string>,
    /** How long to wait for the close gate, in milliseconds. */
    private readonly patienceMs: number,
  ) {}

  createDomain(id: string, keyId: string): Promise<unknown> {
    return plexctlJson(['domain', 'create', '--id', id, '--key-id', keyId], this.env);
  }

  /** Enrols Nodes; the file of each lands in the folder of its name, for the Node process to take up. */
  async addNodes(names: readonly string[], folderOf: (name: string) => string): Promise<void> {
    await this.eachOf(names, async (name) => {
      const out = join(folderOf(name), `${name}.node.json`);
      await plexctlJson(['node', 'add', '--scope', this.scope, '--name', name, '--out', out], this.env);
    });
  }

  /** What a Node registers by over HTTP lands in the folder, in a file of its name that nobody else can read. */
  async drawTokens(names: readonly string[], folder: string): Promise<void> {
    await this.eachOf(names, async (name) => {
      const { token } = await plexctlJson<{ token: string }>(['node', 'enroll-token', '--scope', this.scope], this.env);
      await writeFile(join(folder, `${name}.token`), token, { mode: 0o600 });
    });
  }

  async tag(names: readonly string[], tag: string): Promise<void> {
    await this.eachOf(names, async (name) => {
      await plexctlJson(['node', 'tag', '--scope', this.scope, '--name', name, '--add', tag], this.env);
    });
  }

  rotate(newKeyId: string): Promise<unknown> {
    return plexctlJson(['signing', 'rotate', '--scope', this.scope, '--new-key-id', newKeyId], this.env);
  }

  rollback(reason: string): Promise<unknown> {
    return plexctlJson(['signing', 'rollback', '--scope', this.scope, '--reason', reason], this.env);
  }

  revoke(keyId: string, newKeyId: string, reason: string): Promise<{ active_key_id: string; gone: string[] }> {
    const which = ['--key-id', keyId, '--new-key-id', newKeyId, '--reason', reason];
    return plexctlJson(['signing', 'revoke', '--scope', this.scope, ...which, '--yes'], this.env);
  }

  /** The gate holds while an acknowledgement is still on its way; an operator would look and ask again, as this does. */
  async closeWhenApplied(oldKeyId: string, newKeyId: string): Promise<void> {
    const args = ['signing', 'close', '--scope', this.scope, '--old', oldKeyId, '--new', newKeyId];
    const closed = async (): Promise<boolean> => {
      const ran = await runPlexctl(args, this.env);
      if (ran.exitCode !== 0 && !ran.stderr.includes('signing: nodes lagging')) throw new Error(ran.stderr);
      if (ran.exitCode !== 0) await delay(AGAIN_AFTER_MS);
      return ran.exitCode === 0;
    };
    await eventually(closed, { timeoutMs: this.patienceMs, describe: 'the close gate' });
  }

  private async eachOf(names: readonly string[], deed: (name: string) => Promise<void>): Promise<void> {
    const waiting = [...names];
    const work = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await deed(name);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  sign(): Promise<Signed> {
    return plexctlJson(['signing', 'sign', '--scope', this.scope], this.env, '{"hello":"mesh"}');
  }

  async verifies({ jws }: Signed): Promise<boolean> {
    const ran = await runPlexctl(['signing', 'verify', '--scope', this.scope], this.env, jws);
    if (ran.exitCode !== 0 && !ran.stderr.includes('does not verify')) throw new Error(ran.stderr);
    return ran.exitCode === 0;
  }

  /** The kids of the JWKS, the active key's first. */
  async kids(): Promise<string[]> {
    const jwks = await plexctlJson<{ keys: { kid: string }[] }>(['signing', 'jwks', '--scope', this.scope], this.env);
    return jwks.keys.map((key) => key.kid);
  }
}
