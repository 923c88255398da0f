/** Acknowledgements as Nodes said them. Nobody signs one, so it counts up to what its Node can have been told. */

export interface NodeAck {
  nodeId: string;
  epoch: number;
  platformEpoch: number;
  position: number;
}

/** What a Node can have applied at most. */
export interface NodeLimits {
  epoch: number;
  platformEpoch: number;
  lastPosition: number;
}

const isCredible = (ack: NodeAck, limits: NodeLimits): boolean =>
  ack.epoch <= limits.epoch && ack.platformEpoch <= limits.platformEpoch && ack.position <= limits.lastPosition;

/**
 * One acknowledgement a Node, since they are cumulative, in the order of `limits`. One that goes too far changes nothing
 * at all, and does not spoil the others of its Node. A Node without limits is not enrolled: nobody, and not worth a line.
 */
export function combineAcks(
  acks: readonly NodeAck[],
  limits: ReadonlyMap<string, NodeLimits>,
): { settled: NodeAck[]; refused: NodeAck[] } {
  const settled = new Map<string, NodeAck>();
  const refused: NodeAck[] = [];
  for (const ack of acks) {
    const limit = limits.get(ack.nodeId);
    if (limit === undefined) continue;
    if (isCredible(ack, limit)) settled.set(ack.nodeId, furthest(ack, settled.get(ack.nodeId) ?? ack));
    else refused.push(ack);
  }
  return { settled: [...settled.values()], refused };
}

const furthest = (one: NodeAck, other: NodeAck): NodeAck => ({
  nodeId: one.nodeId,
  epoch: Math.max(one.epoch, other.epoch),
  platformEpoch: Math.max(one.platformEpoch, other.platformEpoch),
  position: Math.max(one.position, other.position),
});
