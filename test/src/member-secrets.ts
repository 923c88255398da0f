import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SharedSecret } from './channel-service';
import { readTrustFile } from './trust-file';

/** A secret as a member keeps it. */
export interface KeptSecret {
  name: string;
  secret: Buffer;
}

/** All that members hold now, and what they open it by: their own files, and nowhere else, are where these may stand. */
export async function keptByMembers({ members }: SharedSecret): Promise<KeptSecret[]> {
  const kept = members.map(({ name, storeDir }) => ofTrustFile(name, join(storeDir, 'trust.json')));
  const sealing = await Promise.all(members.map(({ name, enrolmentFile }) => ofEnrolment(name, enrolmentFile)));
  // One that is shared is looked for once.
  return [...new Map([...kept.flat(), ...sealing].map((each) => [each.secret.toString('hex'), each])).values()];
}

const ofTrustFile = (member: string, path: string): KeptSecret[] =>
  readTrustFile(path).channel_rings.flatMap(({ scope, keys }) =>
    keys.map(({ key_id, secret }) => ({
      name: `${scope} ${key_id} of ${member}`,
      secret: Buffer.from(secret, 'base64'),
    })),
  );

async function ofEnrolment(member: string, path: string): Promise<KeptSecret> {
  const { channel } = JSON.parse(await readFile(path, 'utf8')) as { channel: { sealing_private_key: string } };
  return { name: `the sealing key of ${member}`, secret: Buffer.from(channel.sealing_private_key, 'base64') };
}

/** However somebody may have written it down: as bytes, and as text in each of the ways in which secrets are written. */
export const spellings = ({ name, secret }: KeptSecret): Record<string, string | Buffer> => ({
  [`${name} (bytes)`]: secret,
  [`${name} (base64)`]: secret.toString('base64').replace(/=+$/, ''),
  [`${name} (base64url)`]: secret.toString('base64url'),
  [`${name} (hex)`]: secret.toString('hex'),
  [`${name} (HEX)`]: secret.toString('hex').toUpperCase(),
  // As Node prints a buffer: `<Buffer 0a 1b …`, of which it shows the first fifty bytes.
  [`${name} (spaced)`]: secret.toString('hex').replaceAll(/(..)(?=.)/g, '$1 '),
});
