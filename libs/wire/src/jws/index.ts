/**
 * Everything that is a JWS: statements and their chain, trust bundles, a person's own signed data; and JWK Sets. Each kind
 * has a `typ` that its verifier checks, so that no key's signature over one kind passes for another.
 */
export { JwsError, type JwsRefusal } from './jws-error';
export type { SigningKey } from './signature';
export { readStatement, signStatement, statementHash, verifyStatement, type Statement } from './statement';
export {
  BUNDLE_MAX_AGE_MS,
  readBundle,
  signBundle,
  verifyBundle,
  type BundleKey,
  type TrustAnchor,
  type TrustBundle,
} from './trust-bundle';
export { MAX_JWS_LENGTH } from './compact';
export { signData, verifyData } from './data';
export { activeKeyOf, walkChain, type ChainAnchor } from './chain';
export { jwks } from './jwks';
