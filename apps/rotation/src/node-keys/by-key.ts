import { uuidOf } from '@plexsphere/wire';
import type { NodeAction, RequestIdentity } from '../transactions/requests';

/** What a Node asks by its key is its own request: the same proof again is the same one. */
export const byKey = (command: NodeAction, nodeId: string, hash: string): RequestIdentity => ({
  ...{ requestId: uuidOf(nodeId, hash), command, actor: nodeId, bodyHash: hash },
});
