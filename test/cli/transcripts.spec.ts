import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeTokenFile } from './token-file';

/**
 * What plexctl says where no server is needed, word for word. A transcript is `$ command`, standard output, standard
 * error and exit code, as often as it likes; the commands of one file share a folder, which is the home and written `~`. UPDATE_TRANSCRIPTS=1 writes down
 * what is said now, to be read before it is committed.
 */
interface Entry {
  command: string;
  said: string;
}

const PLEXCTL = resolve(__dirname, '../../apps/plexctl/bin/plexctl.js');
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
    env: { PATH: process.env['PATH'], HOME: folder, TZ: 'America/New_York' },
  });
  const said = [section('stdout', stdout), section('stderr', stderr), `--- exit ${status}\n\n`].join('');
  return said.replaceAll(folder, '~');
}

const section = (name: string, text: string): string => (text === '' ? '' : `--- ${name}\n${text}`);

describe.each(readdirSync(__dirname).filter((name) => name.endsWith('.txt')))('%s', (name) => {
  const path = join(__dirname, name);
  const entries = read(readFileSync(path, 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'transcript-'));
  const heard: Entry[] = [];

  beforeAll(() => {
    writeTokenFile(folder);
    writeTokenFile(folder, 'open.token', 0o644);
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
