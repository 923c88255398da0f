/**
 * The Node's trust on disk: one file in a folder of its own. A damaged one is an error, never a fresh start. Progress on the
 * stream is added to it; whatever else changes, whom it trusts above all, changes by a new file.
 */
import { chmod, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal, acquireLock, syncFolder } from '@plexsphere/disk';
import { readBundle } from '@plexsphere/wire/jws';
import type { Enrolment } from '../enrolment/enrolment';
import { NodeSdkError } from '../node-sdk-error';
import { parseTrustFile, progressText, stateText } from './trust-file';
import { ownRings } from '../member/take-keys';
import { trustAtEnrolment, type TrustState } from '../trust/trust-state';

const FILE = 'trust.json';
const LOCK = 'lock';

/** What the file has. */
interface Written {
  state: TrustState;
  /** Of the ids of applied events, which the state holds in place. */
  appliedCount: number;
}

export class TrustStore {
  private constructor(
    private readonly journal: Journal,
    private readonly unlock: () => void,
    /** As it was found; at the first start, from the enrolment. */
    readonly opened: TrustState,
    private written: Written,
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
    const journal = new Journal(join(folder, FILE));
    try {
      const found = await load(folder, enrolment);
      const state = withoutForeignRings(found ?? atEnrolment(enrolment), enrolment);
      const store = new TrustStore(journal, unlock, state, writtenOf(state));
      if (state !== found) await store.save(state);
      return store;
    } catch (error) {
      await journal.close();
      unlock();
      throw error;
    }
  }

  /** One at a time. Once it returns, the state is on the disk. */
  async save(state: TrustState): Promise<void> {
    const { journal, written } = this;
    // Before anything is awaited: more may be applied meanwhile, which the next write has.
    const next = writtenOf(state);
    if (journal.takesLines && isProgress(written.state, state))
      await journal.append(progressText(state.position, state.applied.since(written.appliedCount)));
    else await journal.replace(stateText(state));
    this.written = next;
  }

  async close(): Promise<void> {
    await this.journal.close();
    this.unlock();
  }
}

const writtenOf = (state: TrustState): Written => ({ state, appliedCount: state.applied.count });

/** Whether nothing but the position and the ids of applied events may differ. */
function isProgress(before: TrustState, after: TrustState): boolean {
  const members = Object.keys(after) as (keyof TrustState)[];
  return members.every((member) => member === 'position' || before[member] === after[member]);
}

async function load(folder: string, enrolment: Enrolment): Promise<TrustState | undefined> {
  const bytes = await readIfThere(folder);
  if (bytes === undefined) return undefined;
  const state = parseTrustFile(bytes);
  if (state === undefined) throw new NodeSdkError('store_damaged', folder);
  if (state.nodeId !== enrolment.nodeId || state.scope !== enrolment.scope) {
    throw new NodeSdkError('store_of_another_node', folder);
  }
  return state;
}

const atEnrolment = ({ nodeId, bundle }: Enrolment): TrustState => trustAtEnrolment(nodeId, readBundle(bundle));

/** Secrets of a channel that the Node is no member of any more are not kept. */
function withoutForeignRings(state: TrustState, { channel }: Enrolment): TrustState {
  const rings = ownRings(state.rings, channel);
  return rings === state.rings ? state : { ...state, rings };
}

/** Synced first: who was killed may have written it and not come to that, and what is read here will be acknowledged. */
async function readIfThere(folder: string): Promise<Buffer | undefined> {
  try {
    const file = await open(join(folder, FILE), 'r');
    try {
      await file.datasync();
      await syncFolder(folder);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
