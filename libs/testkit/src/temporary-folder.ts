import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new 0700 folder, removed with all that is in it after the tests of the file (call it outside of a test). */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plexsphere-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
