import { readFileSync } from 'node:fs';
import { lastGood } from '@plexsphere/bus-client';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

const FORM = /^postgres(ql)?:\/\/\S+$/;

/**
 * The database's URL as it is now: of a file that is read anew each time, where one is given in place of the URL. One
 * that cannot be read at the moment, because it is just being replaced, stays what it was.
 * @throws Error where there never was one
 */
export function databaseUrlReader(url: string, file: string): () => string {
  return lastGood(() => {
    if ((url === '') === (file === '')) throw new Error('give the URL or its file');
    const text = file === '' ? url : readFileSync(file, 'utf8').trim();
    if (!FORM.test(text)) throw new Error('no postgres:// URL');
    return text;
  });
}

/** A setting that is a URL, or the file that the setting of the same name with `_FILE` names; a function once read. */
export const DatabaseUrl = (): PropertyDecorator => (target, property) => {
  const file = `${String(property)}File`;
  Transform(({ value, obj }) => databaseUrlReader(String(value), String(obj[file] ?? '')))(target, property);
  ValidateBy({
    name: 'databaseUrl',
    validator: {
      validate: (read) => succeeds(read as () => string),
      defaultMessage: () =>
        'must be a postgres:// URL, unless PLEXSPHERE_DATABASE_URL_FILE names a file that holds one',
    },
  })(target, property);
};

function succeeds(read: () => string): boolean {
  try {
    return read() !== '';
  } catch {
    // What stands there instead of a URL may be a secret: the sentence says what it should be.
    return false;
  }
}
