import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { temporaryFolder } from '@plexsphere/testkit';
import { createKekFile, readKekFile } from './file-kek';

const folder = temporaryFolder();
let files = 0;
let path: string;

beforeEach(() => void (path = join(folder, `kek-${++files}`)));

it('is made once, for its owner alone, and read back as the same KEK', async () => {
  const made = await createKekFile(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await readKekFile(path)).kekId).toBe(made.kekId);
  await expect(createKekFile(path)).rejects.toMatchObject({ code: 'kek_exists' });
  expect((await readKekFile(path)).kekId).toBe(made.kekId);
});

it('shows its key to no inspector', async () => {
  const kek = await createKekFile(path);
  const encoded = (await readFile(path, 'utf8')).trim();
  const key = Buffer.from(encoded, 'base64');
  const shown = inspect(kek, { showHidden: true, depth: 9 }) + JSON.stringify(kek);
  expect(shown).not.toContain(encoded);
  expect(shown).not.toContain(key.toString('hex').slice(0, 20));
});

it('is never made by reading', async () => {
  await expect(readKekFile(path)).rejects.toMatchObject({ code: 'kek_missing', names: { path } });
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

it.each([0o640, 0o604, 0o620, 0o602, 0o644, 0o777])('is refused with mode %o', async (mode) => {
  await createKekFile(path);
  await chmod(path, mode);
  await expect(readKekFile(path)).rejects.toMatchObject({ code: 'kek_exposed' });
});

const bytes = Buffer.alloc(32, 7);
it.each([
  ['nothing', ''],
  ['31 bytes', bytes.subarray(1).toString('base64')],
  ['33 bytes', Buffer.concat([bytes, bytes.subarray(31)]).toString('base64')],
  ['hex', bytes.toString('hex')],
  ['base64url without padding', bytes.toString('base64url')],
  ['raw bytes', bytes],
  ['a second line', `${bytes.toString('base64')}\n${bytes.toString('base64')}\n`],
  ['more than anybody would read', 'A'.repeat(100_000)],
])('is refused when it holds %s, which no error repeats', async (_, content) => {
  await writeFile(path, content, { mode: 0o600 });
  const refused = await readKekFile(path).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'kek_malformed' });
  if (content.length > 0) expect(inspect(refused)).not.toContain(content.toString().slice(0, 40));
});

it('is refused where it is a folder', async () => {
  await expect(readKekFile(folder)).rejects.toMatchObject({ code: 'kek_malformed' });
});
