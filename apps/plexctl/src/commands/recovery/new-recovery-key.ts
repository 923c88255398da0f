import { ALGORITHMS, MESH_ALGORITHM, openRecoveryKey, publicText, sealRecoveryKey } from '@plexsphere/wire';
import type { SigningKey } from '@plexsphere/wire/jws';
import type { Invocation } from '../../command';
import { misuse } from '../../failure';
import { stopped, type Person } from '../../person';
import { readPassphrase } from '../../recovery/passphrase';
import { fingerprint } from '../../recovery/vouch';

export interface NewRecoveryKey extends SigningKey {
  publicKey: string;
  fingerprint: string;
  /** Of its file. */
  text: string;
}

/** The file may be stolen and tried at leisure, half a second a try: shorter ones are found. */
const FEWEST_CHARACTERS = 12;
const TRIES = 3;

/** A key and the text of its file, which has been opened once: the passphrase that was typed is the one that opens it. */
export async function makeKey(
  passphraseFile: string | undefined,
  keyId: string,
  { person }: Pick<Invocation, 'person'>,
): Promise<NewRecoveryKey> {
  const passphrase =
    passphraseFile === undefined ? await asked(person()) : readPassphrase(passphraseFile, 'new-passphrase-file');
  if (passphrase.length < FEWEST_CHARACTERS) throw tooShort();
  const privateKey = await ALGORITHMS[MESH_ALGORITHM].generate();
  const publicKey = publicText(privateKey);
  const text = await sealRecoveryKey(privateKey, passphrase);
  if (publicText(await openRecoveryKey(text, passphrase)) !== publicKey)
    throw new Error('the new recovery key does not open');
  return { keyId, privateKey, publicKey, fingerprint: fingerprint(publicKey), text };
}

const tooShort = () =>
  misuse(
    `the new passphrase is shorter than ${FEWEST_CHARACTERS} characters`,
    'new_passphrase',
    'whoever takes the file can try them all',
  );

async function asked(person: Person | undefined): Promise<string> {
  if (person === undefined) {
    const hint = '--new-passphrase-file names a file with it, or a descriptor: /dev/fd/4';
    throw misuse('a new passphrase is needed, and there is no terminal', 'new_passphrase', hint);
  }
  for (let left = TRIES; left > 0; left -= 1) {
    const again = left === TRIES ? '' : 'They differ. ';
    const first = await person.secret(`${again}Passphrase of the new recovery key: `);
    if (first === undefined) throw stopped();
    if (first.length < FEWEST_CHARACTERS) throw tooShort();
    const second = await person.secret('The same once more: ');
    if (second === undefined) throw stopped();
    if (first === second) return first;
  }
  throw misuse('the two new passphrases differ', 'new_passphrase');
}
