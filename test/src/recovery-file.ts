import { dirname, join } from 'node:path';
import { BRING_UP_FILES, PLATFORM } from '@plexsphere/wire';
import type { World } from './world';

/** An encrypted recovery key and its passphrase, as plexctl is told of them. */
export interface RecoveryFile {
  key: string;
  passphrase: string;
}

/** The one that is valid: of the bring-up, until another story on the same stack has replaced it. */
export function recoveryFile({ stack }: World): RecoveryFile {
  const folder = dirname(stack.tokenFile);
  return replaced.get(folder) ?? ofBringUp(folder);
}

export const replaceRecoveryFile = ({ stack }: World, file: RecoveryFile): unknown =>
  replaced.set(dirname(stack.tokenFile), file);

const replaced = new Map<string, RecoveryFile>();

const ofBringUp = (folder: string): RecoveryFile => ({
  key: join(folder, BRING_UP_FILES.recoveryKey),
  passphrase: join(folder, BRING_UP_FILES.recoveryPassphrase),
});

export const recoveryFlags = ({ key, passphrase }: RecoveryFile): string[] => [
  ...['--recovery-key', key, '--recovery-passphrase-file', passphrase],
];

/** What other stories on the same stack have left. */
export async function platformKey(world: World): Promise<string> {
  return activeOf(await world.json<{ keys: { kid: string }[] }>(['signing', 'jwks', '--scope', PLATFORM]));
}

/** The active one comes first. */
const activeOf = ({ keys }: { keys: { kid: string }[] }): string => keys[0]?.kid ?? '';
