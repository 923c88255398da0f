/** The Node's trust on disk: one file in a folder of its own. A damaged one is an error, never a fresh start. */
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock, writeAtomically } from '@plexsphere/disk';
import { readBundle } from '@plexsphere/wire/jws';
import type { Enrolment } from '../enrolment/enrolment';
import { NodeSdkError } from '../node-sdk-error';
import { parseTrustFile, trustFileText } from './trust-file';
import { ownRings } from '../member/take-keys';
import { trustAtEnrolment, type TrustState } from '../trust/trust-state';

const FILE = 'trust.json';
const LOCK = 'lock';

export class TrustStore {
  private constructor(
    private readonly file: string,
    private readonly unlock: () => void,
    /** As it was found; at the first start, from the enrolment. */
    readonly opened: TrustState,
  ) {}

  /**
   * Makes the folder (0700) and the file at the first start.
   * @throws NodeSdkError `store_in_use`, `store_damaged`, `store_of_another_node`; what the file system throws
   */
  static async open(folder: string, enrolment: Enrolment): Promise<TrustStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    const unlock = acquireLock(join(folder, LOCK));
    if (unlock === undefined) throw new NodeSdkError('store_in_use', folder);
    try {
      const file = join(folder, FILE);
      const found = (await load(folder, enrolment)) ?? (await firstState(file, enrolment));
      return new TrustStore(file, unlock, await withoutForeignRings(file, found, enrolment));
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** One at a time. Once it returns, the state is on the disk. */
  save(state: TrustState): Promise<void> {
    return writeAtomically(this.file, trustFileText(state));
  }

  close(): void {
    this.unlock();
  }
}

async function load(folder: string, enrolment: Enrolment): Promise<TrustState | undefined> {
  const text = await readIfThere(join(folder, FILE));
  if (text === undefined) return undefined;
  const state = parseTrustFile(text);
  if (state === undefined) throw new NodeSdkError('store_damaged', folder);
  if (state.nodeId !== enrolment.nodeId || state.scope !== enrolment.scope) {
    throw new NodeSdkError('store_of_another_node', folder);
  }
  return state;
}

async function firstState(file: string, enrolment: Enrolment): Promise<TrustState> {
  const state = trustAtEnrolment(enrolment.nodeId, readBundle(enrolment.bundle));
  await writeAtomically(file, trustFileText(state));
  return state;
}

/** Secrets of a channel that the Node is no member of any more are not kept. */
async function withoutForeignRings(file: string, state: TrustState, { channel }: Enrolment): Promise<TrustState> {
  const rings = ownRings(state.rings, channel);
  if (rings === state.rings) return state;
  const without = { ...state, rings };
  await writeAtomically(file, trustFileText(without));
  return without;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
