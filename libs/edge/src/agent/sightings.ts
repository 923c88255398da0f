/** What a Node, and its agent, see, a document each: what `plexctl node listen` and `edge run` and the agent's output show. */
import type { Handler, NodeObserver } from '@plexsphere/node-sdk';
import type { EdgeObserver } from '../edge-agent';

export type Sighting = { what: string } & Record<string, unknown>;
/** Fails where nobody could be shown it: an event is then not acknowledged. */
export type Show = (sighting: Sighting) => Promise<void>;

/** Whoever reads no more is noticed with the next event. */
const sayBy =
  (show: Show) =>
  (sighting: Sighting): void =>
    void show(sighting).catch(() => undefined);

export function nodeSightings(show: Show): NodeObserver & { handler: Handler } {
  const say = sayBy(show);
  return {
    handler: ({ position, eventType, eventId, keyId, epoch, issuedAt, payload }) =>
      show({
        ...{ what: 'event', position, event_type: eventType, event_id: eventId },
        ...{ key_id: keyId, epoch, issued_at: issuedAt, payload },
      }),
    onTrusts: ({ epoch, keyIds, platformEpoch, platformKeyIds }) =>
      say({
        ...{ what: 'trusts', epoch, key_ids: keyIds },
        ...{ platform_epoch: platformEpoch, platform_key_ids: platformKeyIds },
      }),
    onRefused: ({ reason, eventType, eventId, keyId }) =>
      say({
        ...{ what: 'refused', reason },
        ...(eventType !== undefined && { event_type: eventType }),
        ...(eventId !== undefined && { event_id: eventId }),
        ...(keyId !== undefined && { key_id: keyId }),
      }),
    onResync: ({ position, issuedAt }) => say({ what: 'resync', position, issued_at: issuedAt }),
    onTurnedAway: ({ reason, since, attempts }) =>
      say({ what: 'turned_away', reason, since: since.toISOString(), attempts }),
  };
}

export function edgeSightings(show: Show): EdgeObserver & { handler: Handler } {
  const say = sayBy(show);
  return {
    ...nodeSightings(show),
    onConnected: () => say({ what: 'connected' }),
    onDisconnected: () => say({ what: 'disconnected' }),
    onChanged: ({ what, why, generation, key_fingerprint, token_expires, confirmed }) =>
      say({
        ...{ what: what === 'key' ? 'rotated' : 'token', why, generation, key_fingerprint },
        ...{ token_expires, confirmed },
      }),
    onFailed: ({ what, code, about }) => say({ what: 'failed', of: what, code, about }),
    onOver: ({ status }) => say({ what: 'over', status }),
  };
}
