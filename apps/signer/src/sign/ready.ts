import type { StreamReady } from '@plexsphere/wire';
import type { SignReady } from '@plexsphere/wire/commands';
import type { SealedFields } from './envelope';

/** The `stream_ready` of each Node of the request, whose fields have been checked by their grammar. */
export const readyFields = ({ readies, epoch }: SignReady): SealedFields[] =>
  readies.map(({ node_id, hello_id, platform_epoch, resumes_after, last_position, event_id, nonce }) => {
    const payload: StreamReady = { node_id, hello_id, epoch, platform_epoch, resumes_after, last_position };
    return { eventType: 'stream_ready', eventId: event_id, nonce, payload: JSON.stringify(payload) };
  });
