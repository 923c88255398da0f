/** The public keys of a scope as a JWK Set (RFC 7517, RFC 8037), for those who verify with any JOSE library. */
import { ALGORITHMS, publicKeyFromText } from '../algorithms';
import type { JwksReply } from '../commands/ring-commands';
import type { KeyView } from '../ring-view';

/** Which keys, in which order, is for the ring's owner to say. A shared secret is nobody's to publish. */
export const jwks = (keys: readonly KeyView[]): JwksReply => ({ keys: keys.flatMap(jwk) });

/** A foreign key is called what its tokens call it; where they name none, any name does. */
const jwk = ({ key_id, foreign, algorithm, public_key }: KeyView): JwksReply['keys'] => {
  if (public_key === null) return [];
  const { jwk: members } = publicKeyFromText(public_key, algorithm);
  return [{ ...members, kid: foreign?.kid ?? key_id, use: 'sig', alg: ALGORITHMS[algorithm].alg }];
};
