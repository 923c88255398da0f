import { BusJwtError } from './errors';

/** The text of a standard `.creds` file: what every NATS client loads. Holds a secret: 0600. */
export const credsText = (jwt: string, seed: string): string =>
  `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
The seed below proves who this user is. Whoever has it is this user.

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;

export interface Creds {
  jwt: string;
  seed: string;
  /** Whom the JWT speaks of, read and not verified: the server does that. */
  publicKey: string;
  name: string;
}

/** @throws BusJwtError bad_creds */
export function parseCreds(text: string): Creds {
  const jwt = block(text, 'NATS USER JWT');
  const { sub, name } = claims(jwt);
  if (typeof sub !== 'string' || typeof name !== 'string') throw new BusJwtError('bad_creds');
  return { jwt, seed: block(text, 'USER NKEY SEED'), publicKey: sub, name };
}

function block(text: string, title: string): string {
  const found = new RegExp(`-{3,}BEGIN ${title}-{3,}\\s+(\\S+)\\s+-{3,}END ${title}-{3,}`).exec(text)?.[1];
  if (found === undefined) throw new BusJwtError('bad_creds');
  return found;
}

function claims(jwt: string): { sub?: unknown; name?: unknown } {
  try {
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) ?? {};
  } catch {
    throw new BusJwtError('bad_creds');
  }
}
