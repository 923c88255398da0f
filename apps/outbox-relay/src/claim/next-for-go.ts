import { nextForGoNode } from '@plexsphere/keyring';
import { PLATFORM } from '@plexsphere/wire';
import type { ClaimedNode } from './claimed-node';
import type { NextChoice } from './next-message';
import type { RingsRead } from './rings-read';

/** A `stream_ready` that nobody asked for has to name something. */
const UNASKED = 'unasked';

/**
 * Which message a Node gets next that reads no statement and acknowledges nothing; undefined where its ring is behind what
 * it was told, so an epoch went back.
 */
export function chooseNextForGo(node: ClaimedNode, { rings, goRings }: RingsRead): NextChoice | undefined {
  const ring = goRings.get(node.scope);
  const platform = rings.get(PLATFORM);
  if (ring === undefined || platform === undefined || node.toldEpoch > ring.trustEpoch) return undefined;
  const { epoch, trustEpoch } = ring;
  const record = { toldEpoch: node.toldEpoch, waits: node.waits, isHelloUnanswered: node.hello !== null };
  const next = nextForGoNode({ ...record, ready: node.ready }, ring, ring.now);
  switch (next.kind) {
    case 'announce': {
      const { keyId, from } = next;
      const { trustEventId: eventId } = ring;
      const told = { epoch: next.epoch };
      return {
        ...{ kind: 'announce', eventType: 'signing_key_rotated', keyId, eventId, epoch, told, otherwise: null },
        ...{ trustEpoch, from },
      };
    }
    case 'ready': {
      const helloId = node.hello?.helloId ?? UNASKED;
      return { kind: 'ready', helloId, epoch, platformEpoch: platform.epoch, trustEpoch, isNumbered: true };
    }
    case 'ordinary':
      return { kind: 'ordinary', epoch, trustEpoch };
    case 'none':
      return node.waits ? undefined : { kind: 'waits' };
  }
}
