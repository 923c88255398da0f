/** Whether a proof counts here and now: pure, told the time and what is known of the Node. */
import { CLOCK_SKEW_MS, Problem, problem } from '@plexsphere/wire';
import { JwsError, PROOF_LIFE_S, readProof, type ProofKind, type ReadProof } from '@plexsphere/wire/jws';
import type { KnownNode, NodeKeyRow } from './read-node';

type OfNode = Exclude<ProofKind, 'enroll' | 'key-possession'>;
export type NodeProof<Kind extends OfNode = OfNode> = ReadProof<Kind>;

/** @throws Problem proofInvalid, proofsDisagree */
export function proofOf<Kind extends ProofKind>(kinds: readonly Kind[], text: string): ReadProof<Kind> {
  try {
    return readProof(kinds, text);
  } catch (error) {
    if (!(error instanceof JwsError)) throw error;
    throw error.code === 'proofs_disagree'
      ? problem('proofsDisagree')
      : problem('proofInvalid', { reason: error.code });
  }
}

/**
 * An end that has passed is an old proof's; one that is further off than a proof lives is a proof kept for later.
 *
 * @throws Problem wrongAudience; proofStale, with the time to count from
 */
export function requireFresh({ aud, exp }: { aud: string; exp: number }, audience: string, now: Date): void {
  if (aud !== audience) throw problem('wrongAudience');
  const leftMs = exp * 1_000 - now.getTime();
  if (leftMs <= 0 || leftMs > PROOF_LIFE_S * 1_000 + CLOCK_SKEW_MS) {
    throw problem('proofStale', { now: now.toISOString() });
  }
}

/** What a key that is giving way to another one may still say. */
const BY_RETIRING: readonly OfNode[] = ['ask'];

/** Who speaks, and whether that is another one than should: a key that was replaced goes on being used. */
export interface Speaker {
  node: KnownNode;
  key: NodeKeyRow;
}

/** A superseded key was used after its end: somebody has it who has not heard of that. */
export class Contested extends Error {
  override readonly name = 'Contested';

  constructor(
    readonly node: KnownNode,
    readonly key: NodeKeyRow,
    readonly refusal: Problem,
  ) {
    super('a superseded Node key was used');
  }
}

/**
 * Whoever has none of the Node's keys learns nothing of the Node.
 *
 * @throws Problem proofInvalid, notAuthenticated, nodeRevoked, nodeRemoved, nodeKeySuperseded, generationMismatch; Contested
 */
export function speakerOf(node: KnownNode | undefined, proof: NodeProof, now: Date): Speaker {
  const key = node?.speaker;
  if (node === undefined || key === undefined) throw problem('notAuthenticated');
  if (node.state !== 'enrolled') throw problem(node.state === 'revoked' ? 'nodeRevoked' : 'nodeRemoved');
  if (key.endsAt !== null) requireRetiring(node, key, key.endsAt, proof, now);
  const { claims } = proof;
  if ('generation' in claims && claims.generation !== key.generation) {
    throw problem('generationMismatch', { generation: node.latest.generation });
  }
  return { node, key };
}

function requireRetiring(node: KnownNode, key: NodeKeyRow, endsAt: Date, proof: NodeProof, now: Date): void {
  const isOver = endsAt.getTime() <= now.getTime();
  if (!isOver && BY_RETIRING.includes(proof.kind)) return;
  const refusal = problem('nodeKeySuperseded', { generation: node.latest.generation });
  // A proof from before the end may be on its way for as long as it lives, and says nothing of anybody who has the key now.
  const madeAt = (proof.claims.exp - PROOF_LIFE_S) * 1_000;
  throw isOver && madeAt > endsAt.getTime() ? new Contested(node, key, refusal) : refusal;
}
