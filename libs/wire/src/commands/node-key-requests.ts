/** What a gateway carries to rotation for a Node that proves itself by its key, and what rotation answers. */
import { IsString, Matches, MaxLength } from '../validator';
import type { Scope } from '../scope';
import { MAX_PROOF_LENGTH } from '../jws/node-proof';

/** On the Node's own subject: a compact JWS of one of the kinds that the subject's verb is for. */
export class NodeProof {
  @IsString()
  @MaxLength(MAX_PROOF_LENGTH)
  proof: string;
}

export class EnrollNode extends NodeProof {
  /** SHA-256 of the enrolment token, hex: the proof's audience. */
  @Matches(/^[0-9a-f]{64}$/)
  token_hash: string;
}

/** What a Node holds from now on: of an enrolment, a key change, a renewal or a refresh of its token. */
export interface NodeKeyReply {
  node_id: string;
  generation: number;
  /** The Node key that the token is for (nkey, `U…`). */
  public_key: string;
  /** The bus user JWT. No secret: it is worth something with the key alone. */
  token: string;
  token_expires_at: string;
  /** From when on the policy wants another key. */
  rotate_after: string;
  /** The server's time: the Node counts from it. */
  now: string;
}

export interface EnrollNodeReply extends NodeKeyReply {
  scope: Scope;
  name: string;
  /** The trust bundle of this moment (compact JWS). */
  bundle: string;
}

/** How the enrolment's answer reaches the Node: the gateway adds where the mesh is reached. */
export interface EnrolledNode extends EnrollNodeReply {
  /** Addresses of the bus. */
  servers: string[];
  /** PEM. */
  bus_ca?: string;
  gateways: string[];
}

/** What holds of a Node's key: the answer to `ask`. */
export interface NodeKeyView {
  node_id: string;
  scope: Scope;
  name: string;
  tags: string[];
  generation: number;
  /** The present key; of another one than asks where that retires. */
  public_key: string;
  token_expires_at: string;
  rotate_after: string;
  /** A fleet run that waits for this Node to change its key; null where none does. */
  due: { run: string; expires_at: string } | null;
  /** Since when a key that was replaced goes on being used; null where none is. */
  contested_since: string | null;
  now: string;
}

/** Of a confirmation: what was before the token has ended. */
export interface ConfirmNodeKeyReply {
  node_id: string;
  generation: number;
  now: string;
}

export interface LogoutReply {
  node_id: string;
  removed_at: string;
}
