import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { busCredentialText } from '@plexsphere/testkit';
import { run } from '../src/app';
import type { ExitCode } from '../src/exit-code';
import type { Person } from '../src/person';
import { Terminal } from '../src/terminal';

export const OPERATOR = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';

export interface Outcome {
  exitCode: ExitCode;
  stdout: string;
  stderr: string;
}

/** What is special about one run. */
export interface Given {
  input?: string;
  env?: Record<string, string>;
  isTerminal?: boolean;
  interrupted?: AbortSignal;
  /** What somebody at the terminal types, one answer a question; an answer that is undefined is Ctrl-C. */
  types?: readonly (string | undefined)[];
}

/** A folder of its own with a token file in it, and a plexctl that runs in this process. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'plexctl-'));
  readonly tokenFile = this.file(
    'operator.token',
    JSON.stringify({ operator: OPERATOR, bus_credential: busCredentialText() }),
  );

  file(name: string, text: string, mode = 0o600): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode });
    return path;
  }

  async plexctl(endpoint: string, args: readonly string[], { input = '', ...given }: Given = {}): Promise<Outcome> {
    const stdout = new Sink(given.isTerminal);
    const stderr = new Sink(given.isTerminal);
    const exitCode = await run(args, {
      env: given.env ?? { PLEXSPHERE_SIGNER_ENDPOINT: endpoint, PLEXSPHERE_TOKEN_FILE: this.tokenFile },
      stdin: () => Readable.from(input === '' ? [] : [input]),
      terminal: new Terminal(stdout, stderr),
      person: () => (given.types === undefined ? undefined : typist(given.types, stderr)),
      interrupted: () => given.interrupted ?? new AbortController().signal,
      // Time is the bus's business here: what waits goes on as soon as everything else has.
      pause: () => new Promise((resolve) => setImmediate(resolve)),
    });
    return { exitCode, stdout: stdout.text, stderr: stderr.text };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** What is asked stands on standard error, without what is typed. */
function typist(answers: readonly (string | undefined)[], stderr: Writable): Person {
  const left = [...answers];
  const asked = (question: string): Promise<string | undefined> => {
    if (left.length === 0) throw new Error(`nobody answers: ${question}`);
    stderr.write(`${question}\n`);
    return Promise.resolve(left.shift());
  };
  return { answer: asked, secret: asked };
}

export class Sink extends Writable {
  text = '';

  constructor(readonly isTTY = false) {
    super();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
