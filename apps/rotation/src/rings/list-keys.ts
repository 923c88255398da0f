import type { SigningKeyEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import type { Scopes } from './list-rings';

export interface KeyRow extends Pick<
  SigningKeyEntity,
  | 'scope'
  | 'keyId'
  | 'algorithm'
  | 'state'
  | 'stateSince'
  | 'stagedAt'
  | 'publishedAt'
  | 'rotateBy'
  | 'verifiesUntil'
  | 'longestTokenMs'
  | 'tokensUntil'
  | 'foreignSignsUntil'
  | 'jwkKid'
  | 'createdAt'
> {
  /** The ring was born with it. */
  isFirst: boolean;
}

/**
 * The keys that verifiers hold, oldest first, and of those that have retired, and of those that were revoked, the last
 * one alone: a ring remembers every key that it ever had, and after years of rotations nobody wants to read them all.
 */
export const listKeys = (manager: EntityManager, scopes: Scopes): Promise<KeyRow[]> =>
  manager.query<KeyRow[]>(
    `SELECT scope, key_id AS "keyId", algorithm, state, state_since AS "stateSince",
            staged_at AS "stagedAt", published_at AS "publishedAt", rotate_by AS "rotateBy", verifies_until AS "verifiesUntil",
            longest_token_ms::float8 AS "longestTokenMs", tokens_until AS "tokensUntil",
            foreign_signs_until AS "foreignSignsUntil", jwk_kid AS "jwkKid", created_at AS "createdAt", "isFirst"
       FROM (SELECT *, state IN ('retired', 'revoked') AS ended,
                    row_number() OVER (PARTITION BY scope ORDER BY created_at, key_id) = 1 AS "isFirst",
                    row_number() OVER (PARTITION BY scope, state ORDER BY state_since DESC) AS nth
               FROM ring.signing_key WHERE $1::text[] IS NULL OR scope = ANY ($1)) AS key
      WHERE NOT ended OR nth = 1
      ORDER BY scope, created_at, key_id`,
    [scopes],
  );
