import { execFileSync } from 'node:child_process';

export interface User {
  uid: number;
  gid: number;
}

const NAME = 'nobody';

/**
 * Whom a program must run as that refuses to run as root: an existing user without rights, so that no account is made
 * on somebody's machine. Undefined where we are not root ourselves: the program then runs as we do.
 */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, NAME], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
