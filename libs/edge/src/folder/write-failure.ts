/** Why the folder could not be written, in the words that a fleet run knows. */
import type { HostFailure } from '@plexsphere/wire/commands';
import { EdgeError } from '../edge-error';

const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const READ_ONLY = ['EROFS', 'EACCES', 'EPERM'];

function failureOf(code: string | undefined): HostFailure {
  if (code === undefined) return 'store_failed';
  return FULL.includes(code) ? 'disk_full' : READ_ONLY.includes(code) ? 'read_only' : 'store_failed';
}

const FAILURES: readonly HostFailure[] = ['disk_full', 'read_only', 'store_failed'];

/** Undefined for any other error. */
export const hostFailureOf = (error: unknown): HostFailure | undefined =>
  FAILURES.find((each) => error instanceof EdgeError && error.code === each);

/** @throws EdgeError `disk_full`, `read_only`, `store_failed` */
export async function written<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new EdgeError(failureOf(code), code ?? '');
  }
}
