import type { NodeKeyReply } from '@plexsphere/wire/commands';
import type { KnownNode, NodeKeyRow } from './read-node';

/** What the Node holds from now on. Only of a key of its own making: generation 0 has no token that ends. */
export function keyReply(
  { id, rotateAfter }: Pick<KnownNode, 'id' | 'rotateAfter'>,
  {
    generation,
    publicKey,
    token,
    tokenExpiresAt,
  }: Pick<NodeKeyRow, 'generation' | 'publicKey' | 'token' | 'tokenExpiresAt'>,
  now: Date,
): NodeKeyReply {
  if (token === null || tokenExpiresAt === null || rotateAfter === null) throw new Error('a Node key without a token');
  return {
    ...{ node_id: id, generation, public_key: publicKey, token },
    ...{
      token_expires_at: tokenExpiresAt.toISOString(),
      rotate_after: rotateAfter.toISOString(),
      now: now.toISOString(),
    },
  };
}
