import { openRecoveryKey, publicText, Problem, type PrivateKey } from '@plexsphere/wire';
import { authoritiesFor, isByPlatform, type StatementType } from '@plexsphere/wire/jws';
import type { Flags, Invocation } from '../command';
import { Failure, misuse } from '../failure';
import { refuseAs } from '../refusal';
import { stopped, type Person } from '../person';
import { readSmallFile } from '../small-file';
import { readPassphrase } from './passphrase';

/** The recovery key, opened. It stays in this process: what leaves it is signatures. */
export interface RecoveryKey {
  privateKey: PrivateKey;
  /** As text. */
  publicKey: string;
}

export const RECOVERY_FLAGS = {
  'recovery-key': {
    value: 'file',
    summary: "the recovery key's encrypted file, as bring-up wrote it (platform alone)",
  },
  'recovery-passphrase-file': {
    value: 'file',
    member: 'recovery_passphrase',
    summary: 'its passphrase, or /dev/fd/<n>; without it the terminal is asked',
  },
} as const satisfies Flags;

export interface RecoveryFlags {
  'recovery-key': string | undefined;
  'recovery-passphrase-file': string | undefined;
}

/** Four times what such a file has. */
const MOST_BYTES = 4_096;
const TRIES = 3;

/**
 * Before anybody is asked: the file is named where the recovery key has to vouch, and nowhere else.
 * @throws Failure in the words of a service, where it is missing
 */
export function checkRecoveryFlags(flags: RecoveryFlags & { scope: string; plan: boolean }, type: StatementType): void {
  const { scope, plan, 'recovery-key': path, 'recovery-passphrase-file': passphraseFile } = flags;
  const authorities = authoritiesFor(type, scope);
  const mayVouch = authorities.includes('superior') && !isByPlatform(type, scope);
  if (path !== undefined && !mayVouch) {
    throw misuse('--recovery-key is for the platform alone', 'recovery_key', 'the platform key vouches for this scope');
  }
  if (path !== undefined && plan)
    throw misuse('--plan and --recovery-key exclude each other', 'plan', 'a plan signs nothing');
  if (passphraseFile !== undefined && path === undefined) {
    throw misuse('--recovery-passphrase-file goes with --recovery-key', 'recovery_passphrase');
  }
  if (path === undefined && !plan && mayVouch && !authorities.includes('active')) throw keyNeeded();
}

/** A channel's rings have nothing that a recovery key could vouch for. */
export function refuseRecoveryFlags({ 'recovery-key': path, 'recovery-passphrase-file': file }: RecoveryFlags): void {
  if (path !== undefined) throw misuse('--recovery-key is for the platform alone', 'recovery_key');
  if (file !== undefined) throw misuse('--recovery-passphrase-file goes with --recovery-key', 'recovery_passphrase');
}

/**
 * Reads the file, and opens it by a passphrase from a file or from the terminal. Before anything is prepared: how long
 * somebody takes to type must not count.
 */
export async function openKey(
  { 'recovery-key': path, 'recovery-passphrase-file': passphraseFile }: RecoveryFlags,
  { person }: Pick<Invocation, 'person'>,
): Promise<RecoveryKey> {
  if (path === undefined) throw keyNeeded();
  const text = readSmallFile(path, { flag: 'recovery-key', mostBytes: MOST_BYTES });
  if (passphraseFile !== undefined) {
    const opened = await opens(path, text, readPassphrase(passphraseFile, 'recovery-passphrase-file'));
    return opened ?? refuse(path);
  }
  const asked = person();
  if (asked === undefined)
    throw misuse('a passphrase is needed, and there is no terminal', 'recovery_passphrase', NO_TERMINAL);
  return byHand(path, text, asked);
}

const keyNeeded = (): Failure => refuseAs('recoveryKeyNeeded', { field: 'recovery_key' }, { hint: NEEDED });
const NEEDED = 'the recovery key alone vouches for this: name its file by --recovery-key';
const NO_TERMINAL = '--recovery-passphrase-file names a file with it, or a descriptor: /dev/fd/3';

async function byHand(path: string, text: string, person: Person): Promise<RecoveryKey> {
  for (let left = TRIES; left > 0; left -= 1) {
    const again = left === TRIES ? '' : 'That does not open it. ';
    const passphrase = await person.secret(`${again}Passphrase of ${path}: `);
    if (passphrase === undefined) throw stopped();
    const opened = await opens(path, text, passphrase);
    if (opened !== undefined) return opened;
  }
  return refuse(path);
}

function refuse(path: string): never {
  const hint = 'nothing was done; where the passphrase is the right one, the file was changed: take another copy of it';
  throw new Failure(1, 'the passphrase does not open the recovery key', { file: path }, hint);
}

/** Undefined where it does not open. */
async function opens(path: string, text: string, passphrase: string): Promise<RecoveryKey | undefined> {
  try {
    const privateKey = await openRecoveryKey(text, passphrase);
    return { privateKey, publicKey: publicText(privateKey) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.body.field === 'recovery_passphrase') return undefined;
    const hint = `${path} has to be the file that bring-up, or plexctl recovery rotate, wrote: recovery-key.json`;
    throw misuse('--recovery-key is no recovery key file', 'recovery_key', hint);
  }
}
