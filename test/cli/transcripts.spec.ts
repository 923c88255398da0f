import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * What plexctl says where no server is needed, word for word. A transcript is `$ command`, standard output, standard
 * error and exit code, as often as it likes; the commands of one file share a folder. UPDATE_TRANSCRIPTS=1 writes down
 * what is said now, to be read before it is committed.
 */
interface Entry {
  command: string;
  said: string;
}

const PLEXCTL = resolve(__dirname, '../../apps/plexctl/bin/plexctl.js');
/** A key that opens nothing: the transcripts dial nobody who would ask for it. */
const SEED = `SU${'A'.repeat(56)}`;
const CREDENTIAL = `-----BEGIN NATS USER JWT-----\nj.w.t\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${SEED}\n------END USER NKEY SEED------\n`;
const TOKEN = { operator: '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1', bus_credential: CREDENTIAL };

const read = (text: string): Entry[] =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map((entry) => ({ command: entry.slice(0, entry.indexOf('\n')), said: entry.slice(entry.indexOf('\n') + 1) }));

const write = (entries: Entry[]): string => entries.map(({ command, said }) => `$ ${command}\n${said}`).join('');

function hear(command: string, folder: string): string {
  const script = `plexctl() { ${JSON.stringify(process.execPath)} ${JSON.stringify(PLEXCTL)} "$@"; }\n${command}\n`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    input: '',
    env: { PATH: process.env['PATH'], TZ: 'America/New_York' },
  });
  return [section('stdout', stdout), section('stderr', stderr), `--- exit ${status}\n\n`].join('');
}

const section = (name: string, text: string): string => (text === '' ? '' : `--- ${name}\n${text}`);

describe.each(readdirSync(__dirname).filter((name) => name.endsWith('.txt')))('%s', (name) => {
  const path = join(__dirname, name);
  const entries = read(readFileSync(path, 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'transcript-'));
  const heard: Entry[] = [];

  beforeAll(() => {
    writeFileSync(join(folder, 'operator.token'), JSON.stringify(TOKEN), { mode: 0o600 });
    writeFileSync(join(folder, 'open.token'), JSON.stringify(TOKEN));
    chmodSync(join(folder, 'open.token'), 0o644);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
    if (process.env['UPDATE_TRANSCRIPTS'] !== undefined) writeFileSync(path, write(heard));
  });

  it.each(entries)('$ $command', ({ command, said }) => {
    const now = hear(command, folder);
    heard.push({ command, said: now });
    if (process.env['UPDATE_TRANSCRIPTS'] === undefined) expect(now).toBe(said);
  });
});
