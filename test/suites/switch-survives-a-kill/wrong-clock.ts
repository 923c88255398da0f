import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot, type ServiceProcess } from '@plexsphere/stack';

/** Where each signer's process finds how wrong its clock is. */
export const CLOCKS = mkdtempSync(join(tmpdir(), 'plexsphere-clocks-'));

/** So that the wall clock of one process can be wrong while it runs; see the preloaded file. */
export const WITH_A_CLOCK_OF_ITS_OWN = {
  NODE_OPTIONS: `--require "${join(repositoryRoot, 'test', 'src', 'wrong-clock.cjs')}"`,
  TEST_WRONG_CLOCK: CLOCKS,
};

const fileOf = (service: ServiceProcess): string => join(CLOCKS, String(service.pid));

export const setWrong = (service: ServiceProcess, seconds: number): Promise<void> =>
  writeFile(fileOf(service), String(seconds * 1_000));

export const setRight = (service: ServiceProcess): Promise<void> => rm(fileOf(service), { force: true });
