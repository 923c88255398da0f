import { readFileSync } from 'node:fs';
import { lastGood } from '@plexsphere/bus-client';
import { Transform } from 'class-transformer';
import { RefusedFor } from './config';

const FORM = /^postgres(ql)?:\/\/\S+$/;

/** Why there is no URL, as the sentence about the setting goes on. Never what stands there instead: it may be a secret. */
class NoDatabaseUrl extends Error {}

/**
 * The database's URL as it is now: of a file that is read anew each time, where one is given in place of the URL. One
 * that cannot be read at the moment, because it is just being replaced, stays what it was.
 * @throws NoDatabaseUrl where there never was one
 */
export const databaseUrlReader = (url: string, file: string): (() => string) =>
  lastGood(() => {
    if (url === '' && file === '') throw new NoDatabaseUrl('is missing');
    if (url !== '' && file !== '') throw new NoDatabaseUrl('must not stand beside PLEXSPHERE_DATABASE_URL_FILE');
    const text = file === '' ? url : readOnce(file);
    if (!FORM.test(text)) throw new NoDatabaseUrl('must be a postgres:// URL');
    return text;
  });

function readOnce(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new NoDatabaseUrl(`cannot be read from PLEXSPHERE_DATABASE_URL_FILE (${code})`);
  }
}

/** A setting that is a URL, or the file that the setting of the same name with `_FILE` names; a function once read. */
export const DatabaseUrl = (): PropertyDecorator => (target, property) => {
  const file = `${String(property)}File`;
  Transform(({ value, obj }) => databaseUrlReader(String(value), String(obj[file] ?? '')))(target, property);
  RefusedFor((read) => refusalOf(read as () => string))(target, property);
};

function refusalOf(read: () => string): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof NoDatabaseUrl) return error.message;
    throw error;
  }
}
