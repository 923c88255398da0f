/** The public keys of a scope as a JWK Set (RFC 7517, RFC 8037), for those who verify with any JOSE library. */
import { ALGORITHMS, publicKeyFromText } from '../algorithms';
import type { JwksReply } from '../commands/ring-commands';
import type { KeyView } from '../ring-view';

/** Which keys, in which order, is for the ring's owner to say. A shared secret is nobody's to publish. */
export const jwks = (keys: readonly KeyView[]): JwksReply => ({ keys: keys.flatMap(jwk) });

const jwk = ({ key_id: kid, algorithm, public_key }: KeyView): JwksReply['keys'] =>
  public_key === null
    ? []
    : [{ ...publicKeyFromText(public_key, algorithm).jwk, kid, use: 'sig', alg: ALGORITHMS[algorithm].alg }];
