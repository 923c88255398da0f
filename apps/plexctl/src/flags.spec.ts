import { isKeyId, isScope } from '@plexsphere/wire';
import type { Command } from './command';
import type { Failure } from './failure';
import { check } from './check-flags';
import { flagOfMember, leadingWords, parse } from './flags';
import { synopsisOf } from './usage';

const FLAGS = {
  scope: { value: 'scope', summary: '', accepts: isScope, required: true },
  old: { value: 'key-id', summary: '', accepts: isKeyId, member: 'old_key_id' },
  force: { summary: '' },
} as const;
const command: Command = {
  path: ['signing', 'close'],
  about: '',
  flags: FLAGS,
  examples: [],
  asks: 'bus',
  run: () => Promise.reject(new Error('not run')),
};
const line = (...args: string[]) => parse(['signing', 'close', ...args], command);

function thrown(act: () => void): Failure | undefined {
  try {
    act();
  } catch (error) {
    return error as Failure;
  }
  return undefined;
}

describe('a command line', () => {
  it('gives values after a blank or an equals sign, and switches', () => {
    expect(line('--scope', 'platform', '--old=k1', '--force').flags).toEqual({
      scope: 'platform',
      old: 'k1',
      force: true,
    });
  });

  it('takes persistent flags anywhere', () => {
    const args = ['--output', 'json', 'signing', '--insecure', 'close', '--old', 'k', '--server', 'u'];
    expect(leadingWords(args)).toEqual(['signing', 'close']);
    expect(parse(args, command).persistent).toMatchObject({ output: 'json', insecure: true, server: 'u' });
  });

  it('keeps a key id that begins with a dash', () => {
    expect(line('--old', '-k').flags).toMatchObject({ old: '-k' });
    expect(line('--old=--k').flags).toMatchObject({ old: '--k' });
  });

  it('keeps an equals sign in a value', () => {
    expect(line('--profile=a=b').persistent.profile).toBe('a=b');
  });

  it.each([
    ['the next flag taken for a value', ['--old', '--force'], 'old_key_id'],
    ['a value that is missing at the end', ['--scope'], 'scope'],
    ['a flag given twice', ['--scope', 'platform', '--scope', 'platform'], 'scope'],
    ['a switch with a value', ['--force=false'], 'force'],
    ['an unknown flag', ['--frob'], 'flags'],
    ['an unknown short flag', ['-s'], 'flags'],
    ['a member of every object', ['--constructor', 'x'], 'flags'],
    ['an argument too many', ['platform'], 'arguments'],
    ['an argument behind --', ['--', '--scope'], 'arguments'],
  ])('is refused for %s', (_, args, field) => {
    expect(line(...args).refusal).toMatchObject({ exitCode: 2, members: { field } });
  });

  it('is told the flag that was probably meant', () => {
    expect(line('--socpe', 'platform').refusal?.hint).toContain('--scope');
  });

  it('is still read for --help where it is wrong', () => {
    expect(line('--frob', '-h').persistent.help).toBe(true);
  });
});

describe('a command that takes a bare word', () => {
  const takesOld: Command = { ...command, operand: 'old' };
  const lineOf = (...args: string[]) => parse(['signing', 'close', ...args], takesOld);

  it('takes it for its flag, before and behind others, or the flag itself', () => {
    for (const args of [
      ['k1', '--force'],
      ['--force', 'k1'],
      ['--force', '--old', 'k1'],
      ['--force', '--', 'k1'],
    ])
      expect(lineOf(...args)).toMatchObject({ flags: { old: 'k1', force: true } });
    expect(lineOf('k1').refusal).toBeUndefined();
  });

  it.each([
    ['both', ['k1', '--old', 'k1'], 'old_key_id'],
    ['two of them', ['k1', 'k2'], 'arguments'],
  ])('takes it once: %s', (_, args, field) =>
    expect(lineOf(...args).refusal).toMatchObject({ exitCode: 2, members: { field } }),
  );

  it('names it in its synopsis, in the place where it stands', () => {
    expect(synopsisOf(takesOld)).toBe('plexctl signing close [<old>] --scope <scope> [--force] [flags]');
    expect(synopsisOf({ ...command, operand: 'scope' })).toContain('signing close <scope> [--old <key-id>]');
  });
});

describe('the values of a command', () => {
  it('are refused by the name of their member where they are missing or malformed', () => {
    expect(thrown(() => check(FLAGS, {}))).toMatchObject({ exitCode: 2, members: { field: 'scope' } });
    expect(thrown(() => check(FLAGS, { scope: 'platform', old: 'a b' }))).toMatchObject({
      exitCode: 2,
      detail: 'signing: invariant violation',
      members: { field: 'old_key_id' },
    });
    expect(thrown(() => check(FLAGS, { scope: 'platform', old: '' }))).toMatchObject({ exitCode: 2 });
  });

  it('pass where an optional one is missing', () => {
    expect(thrown(() => check(FLAGS, { scope: 'platform', force: false }))).toBeUndefined();
  });

  it('are found again by the member that a service refuses', () => {
    expect(flagOfMember(FLAGS, 'old_key_id')).toBe('old');
    expect(flagOfMember(FLAGS, 'no_such')).toBeUndefined();
  });
});
