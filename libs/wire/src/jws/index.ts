/**
 * Everything that is a JWS: statements and their chain, trust bundles, access tokens, a person's own signed data; and JWK Sets. Each kind
 * has a `typ` that its verifier checks, so that no key's signature over one kind passes for another.
 */
export { JwsError, type JwsRefusal } from './jws-error';
export type { EncodedSignature, Role, SigningKey } from './signature';
export { keyHash, statedAlgorithm, type Statement } from './statement';
export {
  STATEMENT_TYPES,
  authoritiesFor,
  isByPlatform,
  isStatementType,
  type Authority,
  type StatementType,
} from './statement-types';
export {
  joinStatement,
  readLink,
  readStatement,
  signStatement,
  statementHash,
  statementSignature,
  verifyStatement,
  type Link,
} from './statement-signatures';
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
export { MAX_TOKEN_LENGTH, longestToken, signAccessToken, verifyAccessToken, type AccessToken } from './access-token';
export type { TokenClaims, TokenKey } from './foreign-token';
export { signData, verifyData } from './data';
export { activeKeyOf, anchorOfBundle, anchorOfRing, isSameKey, trustedKeyOf, type ChainAnchor } from './anchor';
export { requireFollows } from './follow';
export { startChain, takeLink, walkChain, type SuperiorFor } from './chain';
export { beginRings, endRings, walkRings, type HeldRings, type RingsWalk, type TakenRings } from './walk-rings';
export { jwks } from './jwks';
export {
  MAX_PROOF_LENGTH,
  PROOF_LIFE_S,
  nodeKeyOf,
  readProof,
  signKeyChange,
  signProof,
  type NodeKey,
  type ProofClaims,
  type ProofKind,
  type ReadProof,
} from './node-proof';
export { readNodeToken, type NodeToken } from './node-token';
