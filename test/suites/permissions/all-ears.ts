import { createBusKey, credsText } from '@plexsphere/wire';
import { createDecipheriv } from 'node:crypto';
import { encodeUser } from '@nats-io/jwt';
import { connect, credsAuthenticator, type NatsConnection } from 'nats';
import type { World } from '../../src/world';
import { bootstrapFile } from './hands';

/** Hears everything in the mesh's account, as only its key could have allowed: nobody has such a credential. */
export class AllEars {
  /** Since the story began to listen. */
  readonly heard: { subject: string; reply: string; text: string }[] = [];

  private constructor(readonly connection: NatsConnection) {}

  static async open(world: World): Promise<AllEars> {
    const connection = await connect({
      servers: world.stack.natsUrl,
      authenticator: credsAuthenticator(Buffer.from(await boundless(world))),
    });
    world.afterwards(() => connection.close());
    const ears = new AllEars(connection);
    connection.subscribe('>', {
      callback: (_, { subject, reply = '', data }) =>
        void ears.heard.push({ subject, reply, text: Buffer.from(data).toString() }),
    });
    await connection.flush();
    return ears;
  }
}

async function boundless(world: World): Promise<string> {
  const key = createBusKey('user');
  return credsText(await encodeUser('all-ears', key.publicKey, await accountSeed(world), {}), key.seed);
}

const TAG_BYTES = 16;

/** As who has the key-encryption key and the database would open it. */
async function accountSeed(world: World): Promise<string> {
  const [row] = await world.query<{ public_key: string; kek_id: string; nonce: Buffer; ciphertext: Buffer }>(
    `SELECT public_key, kek_id, nonce, ciphertext FROM material.bus_key WHERE kind = 'account'`,
  );
  if (row === undefined) throw new Error('no account key');
  const { public_key, kek_id, nonce, ciphertext } = row;
  const kek = Buffer.from((await bootstrapFile(world, 'kek')).trim(), 'base64');
  const decipher = createDecipheriv('aes-256-gcm', kek, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(JSON.stringify({ bus_key: 'account', kek_id, public_key })));
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]).toString();
}
