import { problem } from '@plexsphere/wire';
import { JwsError, MAX_PROOF_LENGTH, readProof, type ProofKind, type ReadProof } from '@plexsphere/wire/jws';

/**
 * What a caller shows as a word of its own key, its signature verified: before anybody else is asked, so that nobody stands in
 * the place of a key that he has not. Whose key it is, and whether it is too late, says rotation.
 * @throws Problem notAuthenticated where nothing is shown; proofInvalid, proofsDisagree
 */
export function proofShown<Kind extends ProofKind>(kinds: readonly Kind[], shown: unknown): ReadProof<Kind> {
  if (shown === undefined) throw problem('notAuthenticated');
  if (typeof shown !== 'string' || shown.length > MAX_PROOF_LENGTH) throw problem('proofInvalid');
  try {
    return readProof(kinds, shown);
  } catch (error) {
    if (!(error instanceof JwsError)) throw error;
    throw problem(error.code === 'proofs_disagree' ? 'proofsDisagree' : 'proofInvalid');
  }
}
