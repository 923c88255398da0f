/** The public keys of a scope as a JWK Set (RFC 7517, RFC 8037), for those who verify with any JOSE library. */
import { ALGORITHMS, publicKeyFromText } from '../algorithms';
import type { JwksReply } from '../commands/ring-commands';
import type { KeyView } from '../ring-view';

/** Retired and revoked keys are never advertised. */
const RANK: Partial<Record<KeyView['state'], number>> = { active: 0, staged: 1, retiring: 2 };

/** The active key first: a client that takes only one takes that which signs. A shared secret is nobody's to publish. */
export function jwks(keys: readonly KeyView[]): JwksReply {
  const ranked = keys.flatMap((key) => {
    const rank = RANK[key.state];
    return rank === undefined ? [] : [{ key, rank }];
  });
  return { keys: ranked.sort((a, b) => a.rank - b.rank).flatMap(({ key }) => jwk(key)) };
}

const jwk = ({ key_id: kid, algorithm, public_key }: KeyView): JwksReply['keys'] =>
  public_key === null
    ? []
    : [{ ...publicKeyFromText(public_key, algorithm).jwk, kid, use: 'sig', alg: ALGORITHMS[algorithm].alg }];
