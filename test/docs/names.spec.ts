import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { anchors, code, documents, relativeLinks, type Document } from './documents';
import {
  environmentNames,
  flagsIn,
  plexctlCommands,
  plexctlHelp,
  serviceFlags,
  startHelp,
  stopRefusal,
} from './program';

/** What documents name exists: files, settings, commands, flags. */

const all = documents();
const table = all.map((document): [string, Document] => [document.path, document]);
const textOf = (path: string): string | undefined => all.find((document) => document.path === path)?.text;

/** Folders of a person's or a build's machine. */
const MACHINE_PATH = /(?<![\w.])\/(work|tmp|root|home|Users|mnt|private)\/|[A-Z]:\\/;

/** Flags of tools that are not ours, and of our own development tools. */
const OTHER_FLAGS = ['--quick', '--json', '--check', '--selectProjects', '--detach', '--'];

describe.each(table)('%s', (path, { text }) => {
  it('links to what is there', () => {
    const broken = relativeLinks(text).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(repositoryRoot, target))) return true;
      return anchor !== undefined && !anchors(textOf(target) ?? '').includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names no path of a machine', () =>
    expect(text.split('\n').filter((line) => MACHINE_PATH.test(line))).toEqual([]));

  it('names settings that exist', () => {
    const known = environmentNames();
    const named = [...text.matchAll(/PLEXSPHERE_[A-Z_]*[A-Z]/g)].map((match) => match[0]);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('names commands of plexctl that exist, with flags that they have', () => {
    expect(code(text).flatMap(faultsOfPlexctl)).toEqual([]);
  });

  it('names flags that exist', () => {
    const unknown = code(text)
      .flatMap(flagsIn)
      .filter((flag) => !isFlag(flag));
    expect(unknown).toEqual([]);
  });
});

// The longest first: `bootstrap reissue` is not `bootstrap`.
const commands = plexctlCommands().sort((a, b) => b.length - a.length);
const nouns = new Set(commands.map((command) => command.split(' ')[0]));
const helps = new Map<string, string[]>();
const flagsOf = (command: string): string[] => {
  const known = helps.get(command) ?? flagsIn(plexctlHelp(...command.split(' ')));
  helps.set(command, known);
  return known;
};

/** What is wrong with each `plexctl …` in one line of code. */
function faultsOfPlexctl(line: string): string[] {
  return [...line.matchAll(/(?<![\w/.@-])plexctl((?: [^|&;#`]*)?)/g)].flatMap((match) => {
    const tokens = (match[1] ?? '').trim().split(/\s+/);
    const end = tokens.findIndex((token) => !/^[a-z][a-z-]*$/.test(token));
    const words = (end === -1 ? tokens : tokens.slice(0, end)).filter((word) => word !== 'help');
    const command = commands.find((name) => `${words.join(' ')} `.startsWith(`${name} `));
    if (command === undefined) return words.length === 0 || isNoun(words) ? [] : [match[0]];
    return flagsIn(match[1] ?? '').filter((flag) => !flagsOf(command).includes(flag));
  });
}

const isNoun = (words: string[]): boolean => words.length === 1 && nouns.has(words[0] ?? '');

let known: Set<string> | undefined;
function isFlag(flag: string): boolean {
  known ??= new Set([
    ...OTHER_FLAGS,
    ...commands.flatMap(flagsOf),
    ...serviceFlags(),
    ...flagsIn(startHelp() + stopRefusal()),
  ]);
  return known.has(flag);
}

it('finds commands, settings and documents at all', () => {
  expect(commands).toEqual(expect.arrayContaining(['signing rotate', 'signing close', 'bootstrap']));
  expect(environmentNames()).toContain('PLEXSPHERE_OVERLAP_WINDOW');
  expect(all.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/glossary.md', 'SECURITY.md']));
  expect(faultsOfPlexctl('npx plexctl signing rotat --scope platform')).not.toEqual([]);
  expect(faultsOfPlexctl('npx plexctl signing rotate --scop platform')).toEqual(['--scop']);
});
