import type { World } from './world';

/** As a disk that forgets would have it: the private half opens no more. Every signer begins anew. */
export async function spoilKey(world: World, scope: string, keyId: string): Promise<void> {
  await world.query(
    `UPDATE material.wrapped_key SET ciphertext = decode(repeat('00', length(ciphertext)), 'hex')
      WHERE scope = $1 AND key_id = $2`,
    [scope, keyId],
  );
  for (const signer of world.stack.services('signer')) {
    await signer.kill();
    await signer.start();
  }
}
