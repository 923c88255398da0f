/** What a gateway asks for on behalf of a Node whose bearer it was shown. */
import { createHash } from 'node:crypto';
import type { BusContext } from '@plexsphere/service-kit';
import { isUuid, problem } from '@plexsphere/wire';
import type { NodeAction, RequestIdentity } from '../transactions/requests';

/** `http.<id>.key`: the server vouches that a gateway says it. */
const NODE_ID = 1;

/** @throws Problem invariantViolation */
export function nodeOf(context: BusContext): string {
  const id = context.token(NODE_ID);
  if (!isUuid(id)) throw problem('invariantViolation', { field: 'node_id' });
  return id;
}

export const byGateway = (command: NodeAction, actor: string, request: { request_id: string }): RequestIdentity => ({
  ...{ requestId: request.request_id, command, actor },
  bodyHash: createHash('sha256').update(JSON.stringify(request)).digest('base64url'),
});
