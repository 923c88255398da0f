import { createUser } from '@nats-io/nkeys';

/** The text of a .creds file of a bus that does not exist. */
export function busCredentialText(jwt = 'header.claims.signature', user = createUser()): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '************************* IMPORTANT *************************',
    '-----BEGIN USER NKEY SEED-----',
    Buffer.from(user.getSeed()).toString(),
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}

/** What stands in the text of a .creds file, and whom its JWT speaks of. */
export function parseCreds(text: string): { jwt: string; seed: string; publicKey: string } {
  const [jwt = '', seed = ''] = [...text.matchAll(/-{3,}BEGIN [^\n]*-{3,}\s+(\S+)\s+-{3,}END/g)].map(
    ([, block]) => block,
  );
  const { sub } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
  return { jwt, seed, publicKey: sub };
}
