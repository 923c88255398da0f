import { checkValue, type PrivateKey, type Scope } from '@plexsphere/wire';

/** What is made of a secret leaves no copy of it behind. */
export function bySecret<Made>(key: PrivateKey, make: (secret: Buffer) => Made): Made {
  const secret = key.secret();
  try {
    return make(secret);
  } finally {
    secret.fill(0);
  }
}

export const checkValueOf = (scope: Scope, keyId: string, key: PrivateKey): string =>
  bySecret(key, (secret) => checkValue(secret, scope, keyId));
