import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';
import { SinkError } from '../sink-error';
import { FileTarget } from './file-target';
import { MOST_BYTES } from './target';

const folders = temporaryFolder();
const token = '0b6f3c9e-7f3b-5b8e-9a3d-5d5f6a7b8c9d';
let folder: string;
let path: string;
let target: FileTarget;
let count = 0;

beforeEach(() => {
  folder = join(folders, `${(count += 1)}`);
  mkdirSync(folder, { mode: 0o700 });
  path = join(folder, 'secrets.json');
  target = new FileTarget(path, { ring: 'a-to-b', target: `file:${path}` });
});

const put = (text: string, mode = 0o600): void => writeFileSync(path, text, { mode });

const refused = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(SinkError);
    return (error as SinkError).code;
  }
  return 'done';
};

test('a file is made for its owner alone, and replaced by another one', async () => {
  expect(await target.read()).toBeUndefined();
  await target.replace('one', { found: undefined, token });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const found = await target.read();
  expect(found?.text).toBe('one');
  const before = statSync(path).ino;
  await target.replace('two', { found, token });
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(statSync(path).ino).not.toBe(before);
  expect(readdirSync(folder)).toEqual(['secrets.json']);
});

test('who has the old file open reads on in it, whole', async () => {
  put('old');
  linkSync(path, join(folder, 'held'));
  await target.replace('new', { found: await target.read(), token });
  expect(readFileSync(join(folder, 'held'), 'utf8')).toBe('old');
});

test('what a killed process has left behind goes, and is not followed', async () => {
  put('theirs');
  symlinkSync(path, join(folder, '.secrets.json.draft'));
  await target.replace('new', { found: await target.read(), token });
  expect(readdirSync(folder)).toEqual(['secrets.json']);
});

describe('is refused, and left as it is', () => {
  test('a file that changed since it was read, if only by its time', async () => {
    put('one');
    const found = await target.read();
    put('two');
    expect(await refused(target.replace('ours', { found, token }))).toBe('target_changed');
    expect(await refused(target.replace('ours', { found: undefined, token }))).toBe('target_changed');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['secrets.json']);
  });

  test.each([0o640, 0o604, 0o620, 0o602, 0o610])('mode %o', async (mode) => {
    put('one');
    chmodSync(path, mode);
    expect(await refused(target.read())).toBe('target_open_to_others');
  });

  test('a symbolic link, to a file that is in order too', async () => {
    writeFileSync(join(folder, 'other'), 'one', { mode: 0o600 });
    symlinkSync(join(folder, 'other'), path);
    expect(await refused(target.read())).toBe('target_is_link');
    expect(await refused(target.replace('ours', { found: undefined, token }))).toBe('target_is_link');
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('one');
  });

  test('a folder, a pipe', async () => {
    mkdirSync(path);
    expect(await refused(target.read())).toBe('target_is_no_file');
    const pipe = new FileTarget(join(folder, 'pipe'), { ring: 'a-to-b', target: 'file:pipe' });
    execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')]);
    expect(await refused(pipe.read())).toBe('target_is_no_file');
  });

  test('more than a target may hold', async () => {
    put('x'.repeat(MOST_BYTES));
    expect((await target.read())?.text).toHaveLength(MOST_BYTES);
    put('x'.repeat(MOST_BYTES + 1));
    expect(await refused(target.read())).toBe('too_large');
  });

  test('bytes that are no text', async () => {
    writeFileSync(path, Buffer.from([0x7b, 0xff]), { mode: 0o600 });
    expect(await refused(target.read())).toBe('target_malformed');
  });

  test('a folder that others can write to, or that is not there', async () => {
    for (const mode of [0o777, 0o720, 0o1777]) {
      chmodSync(folder, mode);
      expect(await refused(target.replace('ours', { found: undefined, token }))).toBe('folder_open_to_others');
    }
    const lost = new FileTarget(join(folder, 'none', 'file'), { ring: 'a-to-b', target: 'file:lost' });
    expect(await lost.read()).toBeUndefined();
    expect(await refused(lost.replace('ours', { found: undefined, token }))).toBe('target_missing');
  });
});
