import { IsOptional, IsUUID, ValidateIf } from '../validator';
import { NODES_PER_REQUEST } from '../request-batches';
import type { Scope } from '../scope';
import { AreJoiningNodes, IsBusPublicKey, IsNodeName, IsScope } from './constraints';
import { Request } from './request';
import type { Backlog } from './status-command';

export class AddNode extends Request {
  @IsScope()
  scope: Scope;

  @IsNodeName()
  name: string;

  /** The public half of the Node's bus key (nkey, `U…`). The private half never leaves who made it. */
  @IsBusPublicKey()
  bus_public_key: string;
}

interface JoiningNode {
  name: string;
  /** As of `AddNode`. */
  bus_public_key: string;
}

/** Nodes of one scope, all in one transaction. Whoever asks again with the same names and keys gets the same Nodes. */
export class AddNodes extends Request {
  @IsScope()
  scope: Scope;

  /** 1 to 256 of them, each name and key once. */
  @AreJoiningNodes(NODES_PER_REQUEST)
  nodes: JoiningNode[];
}

interface NamedNode {
  node_id: string;
  scope: Scope;
  name: string;
}

export interface AddNodeReply extends NamedNode {
  /** The bus credential: a user JWT for `bus_public_key`, valid while the Node is enrolled. */
  bus_jwt: string;
  /** The trust bundle of this moment (compact JWS). */
  bundle: string;
}

export interface AddNodesReply {
  scope: Scope;
  /** As of `AddNodeReply`; one for all of them. */
  bundle: string;
  /** In the order of the request. `added`: now; else by an earlier request, with this very key. */
  nodes: { node_id: string; name: string; bus_jwt: string; added: boolean }[];
  /** Names that Nodes with other keys have: nothing was done for these. */
  taken: string[];
}

/** By id, or by scope and name. */
export class NodeReference {
  // Not IsOptional, which lets null pass: a reference that names nothing would be taken for any Node.
  @ValidateIf((node: NodeReference) => node.node_id !== undefined)
  @IsUUID()
  node_id?: string;

  @ValidateIf((node: NodeReference) => node.node_id === undefined || node.scope !== undefined)
  @IsScope()
  scope?: Scope;

  @ValidateIf((node: NodeReference) => node.node_id === undefined || node.name !== undefined)
  @IsNodeName()
  name?: string;
}

export class RemoveNode extends NodeReference {
  @IsOptional()
  @IsUUID()
  request_id?: string;
}

/** Its connection is ended, its credential revoked; it gets nothing more and blocks nothing. */
export interface RemoveNodeReply extends NamedNode {
  removed_at: string;
  /** Whether the bus has the revocation; where not, it gets it as soon as it and a signer are there. */
  pushed: boolean;
}

export class ListNodes {
  @IsOptional()
  @IsScope()
  scope?: Scope;

  /** The `next` of the reply before. */
  @ValidateIf((list: ListNodes) => list.after !== undefined)
  @IsUUID()
  after?: string;
}

export interface NodeSummary extends NamedNode {
  /** On the bus with the SDK, over HTTP with it (`sdk`), or over HTTP as a daemon that takes what it is told (`go`). */
  listens: 'bus' | 'sdk' | 'go';
  /** Since when its stream waits for a state; absent where it does not. */
  waits_since?: string;
  /** `pending` has never said hello; `lagging` holds a key and has not applied the trust epoch. */
  progress: 'applied' | 'lagging' | 'pending';
  /** Not silent for 180 s: `last_seen_seconds` says how old its last word is. */
  online: boolean;
  last_seen_at: string | null;
  last_seen_seconds: number | null;
}

/** By scope and name, at most 2,000 of them: more would not fit a message of the bus. */
export interface ListNodesReply {
  nodes: NodeSummary[];
  /** Where there are more: ask again with it as `after`. */
  next?: string;
}

export interface ShowNodeReply extends NodeSummary {
  state: 'enrolled' | 'removed' | 'revoked';
  added_at: string;
  /** On the bus, by this Node's credential: two or more are a clone, or a connection that is not found dead yet. Null while they are not counted. */
  connections: number | null;
  told_epoch: number;
  /** Null until it has been seen: what its enrolment wrote down is no word of its own. */
  applied_epoch: number | null;
  applied_position: number | null;
  /** The head that it shows and that stands nowhere in our chain, and since when; of its own ring, and of the platform's. */
  fork?: ShownFork;
  platform_fork?: ShownFork;
  /** What it says beside a head of ours, where that is beyond the ring's epoch: it counts as what the head shows. */
  claimed_epoch?: number;
  claimed_platform_epoch?: number;
  backlog: Backlog;
  /** Of a Node over HTTP. */
  mesh_ip?: string;
  wireguard_key?: WireguardKey;
  /** Of a Node that has made its key itself. */
  node_key?: ShownNodeKey;
  /** An operator's words, of one that is revoked. */
  revoked_reason?: string;
}

interface ShownNodeKey {
  generation: number;
  public_key: string;
  since: string;
  /** Since when a key that it replaced goes on being used; absent where none is. */
  contested_since?: string;
}

interface WireguardKey {
  public_key: string;
  since: string;
  /** From when on it is asked for another one; absent where it is not. */
  wanted_at?: string;
}

export interface ShownFork {
  head: string;
  since: string;
}
