import { Injectable } from '@nestjs/common';
import { nextForm, stateKeys } from '@plexsphere/keyring';
import type { KeyView } from '@plexsphere/wire';
import type { NodeView } from '../views/node-views';

/** What a state says about keys, as a Node reads it; our own names beside it. */
export interface SigningKeys {
  current: string;
  previous?: string;
  transition_expires?: string;
}

/** What a Node's states and its stream, perhaps of two gateways, have to know of each other. */
@Injectable()
export class NodeStates {
  /** The keys of the state that this Node is given now; undefined: it says nothing about them. */
  async begin(node: NodeView): Promise<SigningKeys | undefined> {
    const keys = node.ring.keys.map(ofRing);
    const said = stateKeys(keys, nextForm(false, keys.length, undefined), new Date(node.readAt));
    if (said === null) return undefined;
    const { current, previous, expires } = said;
    return {
      current: current.publicKey,
      ...(previous !== null && { previous: previous.publicKey }),
      ...(expires !== null && { transition_expires: expires.toISOString() }),
    };
  }

  /** The Node has worked a state in. `setsKeys`: it says that this set keys. */
  async drifted(_node: NodeView, _setsKeys: boolean): Promise<void> {}

  /** Whether it should ask for its state now. */
  shouldReconcile({ stream, ring }: NodeView): boolean {
    return stream.settledEpoch < ring.trustEpoch || stream.waitsSince !== null;
  }
}

/** @throws Error where a ring that Nodes are in has a key without a public half */
function ofRing({ key_id: keyId, state, public_key: publicKey, verifies_until: verifiesUntil }: KeyView) {
  if (publicKey === null) throw new Error(`key ${keyId} has no public half`);
  return { keyId, state, publicKey, verifiesUntil: verifiesUntil === null ? null : new Date(verifiesUntil) };
}
