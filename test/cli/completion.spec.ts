import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The completion scripts ask plexctl what there is. Bash's is run by bash itself; other shells are not everywhere. */
const PLEXCTL = resolve(__dirname, '../../apps/plexctl/bin/plexctl.js');
const { env } = process;
const said = (...args: string[]): string =>
  spawnSync(process.execPath, [PLEXCTL, ...args], { encoding: 'utf8', env }).stdout;
const script = (shell: string): string => said('completion', shell);

const folder = mkdtempSync(join(tmpdir(), 'completion-'));
const bashScript = join(folder, 'plexctl.bash');
beforeAll(() => {
  writeFileSync(bashScript, script('bash'));
  writeFileSync(join(folder, 'my token.json'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last of these words, which it has broken as it breaks a line. */
function offered(...words: string[]): string[] {
  const program = `
    source "$0"
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _plexctl ${JSON.stringify(PLEXCTL)} "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
    (( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"
    exit 0`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', program, bashScript, 'plexctl', ...words], {
    ...{ cwd: folder, encoding: 'utf8', env },
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('in bash, plexctl completes', () => {
  it('nouns, verbs, and the help on them', () => {
    expect(offered('')).toEqual(
      expect.arrayContaining(['signing', 'domain', 'node', 'token', 'events', 'bootstrap', 'help']),
    );
    expect(offered('si')).toEqual(['signing']);
    expect(offered('signing', 'rot')).toEqual(['rotate']);
    expect(offered('help', 'token', '')).toEqual(['create', 'list', 'revoke']);
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('the flags of a command, and those of every command where a dash is there', () => {
    expect(offered('signing', 'close', '--')).toEqual(expect.arrayContaining(['--old', '--force', '--output']));
    expect(offered('signing', 'status', '')).toEqual(['--scope', '--watch']);
    expect(offered('signing', 'status', '--wa')).toEqual(['--watch']);
    expect(offered('--ou')).toEqual(['--output']);
  });

  it('values of which there are few, after a blank or an equals sign', () => {
    expect(offered('signing', 'jwks', '--output', '')).toEqual(['text', 'json', 'yaml']);
    expect(offered('signing', 'jwks', '--output', '=', 'j')).toEqual(['json']);
    expect(offered('token', 'create', '--role', 'o')).toEqual(['operator']);
  });

  it('files, one with a blank in its name as well, and nothing where only the operator knows', () => {
    expect(offered('signing', 'jwks', '--token-file', 'my')).toEqual(['my token.json']);
    expect(offered('signing', 'jwks', '--scope', '')).toEqual([]);
  });

  it('behind persistent flags, and behind a scope that bash has broken into pieces', () => {
    expect(offered('--output', 'json', 'signing', 'hi')).toEqual(['history']);
    expect(offered('signing', 'close', '--scope', 'domain', ':', '0190a8b8', '--pl')).toEqual(['--plan']);
    expect(offered('signing', 'close', '--scope', '=', 'domain', ':', '0190a8b8', '--pl')).toEqual(['--plan']);
  });

  it('nothing that there is not', () => {
    expect(offered('frobnicate', '')).toEqual([]);
    expect(offered('signing', 'frobnicate', '')).toEqual([]);
  });
});

describe('what plexctl offers', () => {
  /** The first words of the lines that it answers a shell by. */
  const words = (...line: string[]): string[] =>
    said('__complete', ...line)
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => text.split('\t')[0] ?? '');

  it('has every command and every flag of the help, each with what it is', () => {
    const help = said('help');
    const commands = [...help.matchAll(/^ {2}([a-z][a-z-]*)(?: ([a-z-]+))?(?= {2})/gm)];
    const nouns = [...new Set(commands.map(([, noun = '']) => noun))];
    expect(nouns.length).toBeGreaterThan(5);
    expect(words('')).toEqual([...nouns, 'help']);
    for (const noun of nouns) {
      const verbs = commands.flatMap(([, of, verb]) => (of === noun && verb !== undefined ? [verb] : []));
      expect(words(noun, '')).toEqual(expect.arrayContaining(verbs));
    }
    const flags = [...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag);
    expect(flags.length).toBeGreaterThan(5);
    expect(words('--')).toEqual(expect.arrayContaining(flags));
    expect(words('token', 'create', '')).toEqual(['--name', '--role', '--scope', '--expires-in', '--out']);
    expect(said('__complete', 'signing', 'sta')).toContain('status\tshow where everything stands');
  });

  it('of a word that is a command and a noun both', () => {
    expect(words('bootstrap', '')).toEqual(['reissue', '--out']);
  });

  it('a file, a folder, or nothing, where that is wanted', () => {
    expect(words('--token-file', '')).toEqual(['file']);
    expect(words('bootstrap', '--out=/e')).toEqual(['folder']);
    expect(words('signing', 'rotate', '--reason', '')).toEqual([]);
  });
});

describe.each(['bash', 'zsh', 'fish'])('the script for %s', (shell) => {
  it('asks plexctl, and is the same whoever writes it, and wherever', () => {
    expect(script(shell)).toContain(' __complete ');
    expect(script(shell)).toBe(script(shell));
    expect(script(shell)).not.toContain(tmpdir());
  });
});
